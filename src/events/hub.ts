import { type Caller, decideAccess } from "../protocol/access.ts";
import { type EventName, type EventRule, eventTable, sameAccess } from "../protocol/events.ts";
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

/** How an event is published beyond its name and payload. */
export interface PublishOptions {
  /** The versions of presence and health that it goes with, in its frame. */
  readonly version?: StateVersion | undefined;
  /** Receivers that get it, as far as they may; all that are connected by default. */
  readonly to?: Iterable<Receiver>;
}

/** Receivers that get the same events. There are few groups, because there are few rules. */
interface Group {
  readonly key: string;
  readonly events: ReadonlySet<string>;
  readonly receivers: Set<Receiver>;
}

/** Events that the same callers may have: many events, few rules, and each join asks every rule. */
interface RuleEvents {
  readonly rule: EventRule;
  readonly events: string[];
}

function byRule(table: Readonly<Record<string, EventRule>>): RuleEvents[] {
  const found: RuleEvents[] = [];
  for (const [name, rule] of Object.entries(table)) {
    const same = found.find((other) => sameAccess(other.rule, rule));
    if (same) same.events.push(name);
    else found.push({ rule, events: [name] });
  }
  return found;
}

/** Kinds of callers whose events are remembered. */
const KINDS = 256;

/**
 * Broadcasts events. An event's text is made once; only `seq` differs per receiver. What a receiver
 * may get is decided when it joins, because role and scopes never change while it is connected; a
 * broadcast then visits only the groups whose receivers get that event.
 */
export class Hub {
  readonly #table: Readonly<Record<string, EventRule>>;
  readonly #rules: readonly RuleEvents[];
  /** What {@link Hub.#allowed} said, by role and scopes. */
  readonly #allowedTo = new Map<string, readonly string[]>();
  /** By the names of the events that their receivers get; none is empty. */
  readonly #groups = new Map<string, Group>();
  readonly #groupOf = new Map<Receiver, Group>();
  /** Receivers that may know of one device only, with its id. */
  readonly #confined = new Map<Receiver, string>();
  readonly #occupancyListeners = new Set<(occupied: boolean) => void>();

  /** `table`: every event there is, by name. */
  constructor(table: Readonly<Record<string, EventRule>> = eventTable) {
    this.#table = table;
    this.#rules = byRule(table);
  }

  /**
   * Calls `listener` with `true` when the first receiver comes and with `false` when the last one is
   * gone. Returns how to stop.
   */
  onOccupied(listener: (occupied: boolean) => void): () => void {
    this.#occupancyListeners.add(listener);
    return () => this.#occupancyListeners.delete(listener);
  }

  #tellOccupied(occupied: boolean): void {
    for (const listener of this.#occupancyListeners) listener(occupied);
  }

  /** `confinedTo`: the only device it may know of, where it may not know of all. */
  add(receiver: Receiver, caller: Caller, confinedTo?: string): void {
    if (confinedTo !== undefined) this.#confined.set(receiver, confinedTo);
    this.#join(receiver, this.#allowed(caller));
  }

  /** Sends `receiver` those of `wanted` that `caller` may have; false if it is here already. */
  follow(receiver: Receiver, caller: Caller, wanted: readonly EventName[]): boolean {
    const isNew = !this.#groupOf.has(receiver);
    const names = new Set<string>(wanted);
    this.#join(
      receiver,
      this.#allowed(caller).filter((name) => names.has(name)),
    );
    return isNew;
  }

  /** The events that `caller` may have, always in the same order. */
  #allowed(caller: Caller): readonly string[] {
    const { role, onHost, scopes } = caller;
    const key = `${role} ${onHost === true} ${scopes.join(" ")}`;
    let events = this.#allowedTo.get(key);
    if (events === undefined) {
      events = this.#rules.flatMap((one) => (decideAccess(one.rule, caller).ok ? one.events : []));
      // Scopes come from the owner's decisions, so there are few kinds of callers; forgotten, not kept, past that.
      if (this.#allowedTo.size >= KINDS) this.#allowedTo.clear();
      this.#allowedTo.set(key, events);
    }
    return events;
  }

  #join(receiver: Receiver, events: readonly string[]): void {
    const isFirst = this.size === 0;
    this.#leave(receiver);
    const key = events.join(" ");
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { key, events: new Set(events), receivers: new Set() };
      this.#groups.set(key, group);
    }
    group.receivers.add(receiver);
    this.#groupOf.set(receiver, group);
    if (isFirst) this.#tellOccupied(true);
  }

  delete(receiver: Receiver): void {
    this.#confined.delete(receiver);
    if (this.#leave(receiver) && this.size === 0) this.#tellOccupied(false);
  }

  /** Takes `receiver` out of its group; false if it is in none. */
  #leave(receiver: Receiver): boolean {
    const group = this.#groupOf.get(receiver);
    if (group === undefined) return false;
    this.#groupOf.delete(receiver);
    group.receivers.delete(receiver);
    if (group.receivers.size === 0) this.#groups.delete(group.key);
    return true;
  }

  get size(): number {
    return this.#groupOf.size;
  }

  /** The receivers that may have `event` and asked for it. */
  audience(event: EventName): Receiver[] {
    const receivers: Receiver[] = [];
    for (const group of this.#groups.values()) {
      if (!group.events.has(event)) continue;
      for (const receiver of group.receivers) receivers.push(receiver);
    }
    return receivers;
  }

  /** The receivers of `event` that may know of that device. */
  audienceAbout(deviceId: string, event: EventName): Receiver[] {
    const all = this.audience(event);
    if (this.#confined.size === 0) return all;
    return all.filter((receiver) => (this.#confined.get(receiver) ?? deviceId) === deviceId);
  }

  /** Sends what is about one device to the receivers of `event` that may know of that device. */
  publishAbout(deviceId: string, event: EventName, payload: unknown): void {
    if (this.#confined.size === 0) return this.publish(event, payload);
    this.publish(event, payload, { to: this.audienceAbout(deviceId, event) });
  }

  /**
   * Sends `event` to all its receivers, or to those of `to` that are still here. `seq` stays
   * gapless: it counts what was sent to that receiver.
   */
  publish(event: EventName, payload: unknown, { version, to }: PublishOptions = {}): void {
    if (this.size === 0) return;
    const send = sender(encodeEventHead(event, payload, version), this.#table[event]);
    if (to !== undefined) {
      for (const receiver of to) {
        if (this.#groupOf.get(receiver)?.events.has(event)) send(receiver);
      }
      return;
    }
    for (const { events, receivers } of this.#groups.values()) {
      if (!events.has(event)) continue;
      for (const receiver of receivers) send(receiver);
    }
  }
}

/** Sends the event that starts with `head` to one receiver after the other. */
function sender(head: string, rule: EventRule | undefined): (receiver: Receiver) => void {
  const droppable = rule?.latestState === true;
  let text = "";
  let textSeq = 0;
  return (receiver) => {
    if (droppable && receiver.isSlow()) return;
    const seq = receiver.seq + 1;
    // Those who came at about the same time count alike, and share one text.
    if (seq !== textSeq) text = finishEvent(head, seq);
    textSeq = seq;
    if (receiver.push(text)) receiver.seq = seq;
  };
}
