import { prefixKey } from "../lib/net.ts";
import type { Batch, WaitingRequest } from "./asking.ts";

/**
 * Requests that are still to be told. Bounded by `size`: past it one whose device is gone is kept as a
 * number only, or else one of the prefix (/24, /48) with the most, so that a flood pushes out its own.
 */
export class WaitingList {
  readonly #waiting = new Map<string, WaitingRequest>();
  /**
   * The codes of requests that are told as a number only; a code leaves when its request is gone.
   */
  readonly #nameless = new Set<string>();
  /** What is on its way: it comes back when it could not be delivered. */
  #onItsWay: { batch: readonly WaitingRequest[]; nameless: Set<string> } | undefined;

  /** `size`: of the requests that are told in full or by company; `numbered`: of those besides. */
  constructor(
    private readonly size: number,
    private readonly numbered: number,
  ) {}

  get empty(): boolean {
    return this.#waiting.size === 0;
  }

  get length(): number {
    return this.#waiting.size;
  }

  add(request: WaitingRequest): void {
    this.#nameless.delete(request.requestId);
    this.#waiting.set(request.requestId, request);
    if (this.#waiting.size <= this.size) return;
    const all = [...this.#waiting.values()];
    const gone = all.filter((one) => !isThere(one));
    const loser = loserOf(gone.length > 0 ? gone : all);
    if (!loser) return;
    this.#waiting.delete(loser.requestId);
    this.#number(loser.requestId);
  }

  #number(requestId: string): void {
    this.#nameless.add(requestId);
    const [oldest] = this.#nameless;
    if (this.#nameless.size > this.numbered && oldest !== undefined) this.#nameless.delete(oldest);
  }

  /** Whether the message under way tells of a request. */
  isOnItsWay(requestId: string): boolean {
    const way = this.#onItsWay;
    if (way?.nameless.has(requestId)) return true;
    return way?.batch.some((one) => one.requestId === requestId) ?? false;
  }

  /** A request was decided on or is gone; true when it was still to be told, be it as a number. */
  remove(requestId: string): boolean {
    const way = this.#onItsWay;
    if (way) {
      way.batch = way.batch.filter((one) => one.requestId !== requestId);
      way.nameless.delete(requestId);
    }
    const named = this.#waiting.delete(requestId);
    return this.#nameless.delete(requestId) || named;
  }

  /** Takes everything for one message, `shown` of it in full. `undefined` when nothing waits. */
  take(shown: number): Batch | undefined {
    const all = [...this.#waiting.values()];
    if (all.length === 0) return undefined;
    const nameless = new Set(this.#nameless);
    this.#onItsWay = { batch: all, nameless };
    this.#waiting.clear();
    this.#nameless.clear();
    const chosen = chooseShown(all, shown);
    return { shown: chosen, more: all.length - chosen.length + nameless.size };
  }

  /** The batch that was taken last has arrived. */
  delivered(): void {
    this.#onItsWay = undefined;
  }

  /** What was taken last has not arrived: what of it still waits is told with what came since. */
  giveBack(): void {
    const way = this.#onItsWay;
    if (!way) return;
    this.#onItsWay = undefined;
    const since = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const requestId of way.nameless) this.#number(requestId);
    for (const request of [...way.batch, ...since]) this.add(request);
  }

  clear(): void {
    this.#waiting.clear();
    this.#nameless.clear();
    this.#onItsWay = undefined;
  }
}

/** The oldest of the prefix that has most; of several such prefixes, of the one that came last. */
function loserOf(all: readonly WaitingRequest[]): WaitingRequest | undefined {
  const [crowd] = byPrefix(all)
    .reverse()
    .sort((a, b) => b.length - a.length);
  return crowd?.[0];
}

function isThere(request: WaitingRequest): boolean {
  return request.isThere?.() ?? true;
}

/**
 * Which requests a message shows: of those whose devices wait the newest of each prefix first, then the
 * second newest of each, then those whose devices are gone, in the order in which they came. A crowd at
 * one address or in one network hides no request from another.
 */
export function chooseShown(
  all: readonly WaitingRequest[],
  shown: number,
): readonly WaitingRequest[] {
  const there = all.filter(isThere);
  const chosen = new Set(newestOfEach(there, shown));
  if (chosen.size < shown) {
    const gone = all.filter((one) => !there.includes(one));
    for (const request of newestOfEach(gone, shown - chosen.size)) chosen.add(request);
  }
  return all.filter((request) => chosen.has(request));
}

function newestOfEach(all: readonly WaitingRequest[], most: number): WaitingRequest[] {
  const prefixes = byPrefix(all);
  const rounds = Math.max(0, ...prefixes.map((list) => list.length));
  const chosen: WaitingRequest[] = [];
  for (let round = 1; round <= rounds && chosen.length < most; round += 1) {
    const next = prefixes.flatMap((list) => list.at(-round) ?? []);
    next.sort((a, b) => all.indexOf(b) - all.indexOf(a));
    chosen.push(...next.slice(0, most - chosen.length));
  }
  return chosen;
}

function byPrefix(all: readonly WaitingRequest[]): WaitingRequest[][] {
  const lists = new Map<string, WaitingRequest[]>();
  for (const request of all) {
    const prefix = prefixKey(request.source);
    const list = lists.get(prefix);
    if (list) list.push(request);
    else lists.set(prefix, [request]);
  }
  return [...lists.values()];
}
