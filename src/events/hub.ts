import type { Caller } from "../protocol/access.ts";
import {
  type EventName,
  eventTable,
  isLatestState,
  receives,
  sameRule,
} from "../protocol/events.ts";
import { encodeEventHead, finishEvent, type StateVersion } from "../protocol/frames.ts";

/** A connection as the hub sees it. */
export interface Receiver {
  /** The last sequence number this receiver was sent; the hub raises it. */
  seq: number;
  /** Whether a latest-state event may be left out for now because this receiver is slow. */
  isSlow(): boolean;
  /** Queues `text`; closes the receiver by name when it cannot be queued. False if it was not. */
  push(text: string): boolean;
}

const names = Object.keys(eventTable) as EventName[];
const bitOf = new Map(names.map((name, index) => [name, 1 << index]));

/** Events with one rule, by the first of them: many events, few rules, and each join asks them all. */
const rules = new Map<EventName, number>();
for (const [name, bit] of bitOf) {
  const first = [...rules.keys()].find((other) => sameRule(other, name)) ?? name;
  rules.set(first, (rules.get(first) ?? 0) | bit);
}

/** Which of all events a caller may have. */
function maskOf(caller: Caller): number {
  let mask = 0;
  for (const [name, bits] of rules) {
    if (receives(name, caller)) mask |= bits;
  }
  return mask;
}

/**
 * Broadcasts events. An event's text is made once; only `seq` differs per receiver. What a receiver
 * may get is decided when it joins, because role and scopes never change while it is connected.
 */
export class Hub {
  readonly #receivers = new Map<Receiver, number>();
  /** Receivers that may know of one device only, with its id. */
  readonly #confined = new Map<Receiver, string>();
  /** Called when the first receiver comes, and when the last one is gone. */
  occupied: (yes: boolean) => void = () => {};

  /** `confinedTo`: the only device it may know of, where it may not know of all. */
  add(receiver: Receiver, caller: Caller, confinedTo?: string): void {
    if (confinedTo !== undefined) this.#confined.set(receiver, confinedTo);
    this.#join(receiver, maskOf(caller));
  }

  /** Sends `receiver` those of `wanted` that `caller` may have; false if it is here already. */
  follow(receiver: Receiver, caller: Caller, wanted: readonly EventName[]): boolean {
    const isNew = !this.#receivers.has(receiver);
    let bits = 0;
    for (const name of wanted) bits |= bitOf.get(name) ?? 0;
    this.#join(receiver, maskOf(caller) & bits);
    return isNew;
  }

  #join(receiver: Receiver, mask: number): void {
    const isFirst = this.#receivers.size === 0;
    this.#receivers.set(receiver, mask);
    if (isFirst) this.occupied(true);
  }

  delete(receiver: Receiver): void {
    this.#confined.delete(receiver);
    if (this.#receivers.delete(receiver) && this.size === 0) this.occupied(false);
  }

  get size(): number {
    return this.#receivers.size;
  }

  /** The receivers that may have `event` and asked for it. */
  audience(event: EventName): Receiver[] {
    const bit = bitOf.get(event) ?? 0;
    return [...this.#receivers].flatMap(([receiver, mask]) => ((mask & bit) === 0 ? [] : receiver));
  }

  /** Sends what is about one device to the receivers of `event` that may know of that device. */
  publishAbout(deviceId: string, event: EventName, payload: unknown): void {
    if (this.#confined.size === 0) return this.publish(event, payload);
    const to = [...this.#receivers.keys()].filter((receiver) => {
      return (this.#confined.get(receiver) ?? deviceId) === deviceId;
    });
    this.publish(event, payload, undefined, to);
  }

  /**
   * Sends `event` to all its receivers, or to those of `to` that are still here. `seq` stays
   * gapless: it counts what was sent to that receiver.
   */
  publish(
    event: EventName,
    payload: unknown,
    version?: StateVersion,
    to: Iterable<Receiver> = this.#receivers.keys(),
  ): void {
    if (this.#receivers.size === 0) return;
    const bit = bitOf.get(event) ?? 0;
    const droppable = isLatestState(event);
    const head = encodeEventHead(event, payload, version);
    let text = "";
    let textSeq = 0;
    for (const receiver of to) {
      const mask = this.#receivers.get(receiver) ?? 0;
      if ((mask & bit) === 0 || (droppable && receiver.isSlow())) continue;
      const seq = receiver.seq + 1;
      // Those who came at about the same time count alike, and share one text.
      if (seq !== textSeq) text = finishEvent(head, seq);
      textSeq = seq;
      if (receiver.push(text)) receiver.seq = seq;
    }
  }
}
