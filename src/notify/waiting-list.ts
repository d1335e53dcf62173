import type { Batch, WaitingRequest } from "./asking.ts";

/**
 * Requests that are still to be told. Bounded by `size`: past it the oldest request of the source
 * with the most is kept as a number only, so that a flood from one source pushes out its own.
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
    const [loser] = bySource([...this.#waiting.values()]).sort((a, b) => b.length - a.length);
    const oldest = loser?.[0];
    if (!oldest) return;
    this.#waiting.delete(oldest.requestId);
    this.#number(oldest.requestId);
  }

  #number(requestId: string): void {
    this.#nameless.add(requestId);
    const [oldest] = this.#nameless;
    if (this.#nameless.size > this.numbered && oldest !== undefined) this.#nameless.delete(oldest);
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

/**
 * Which requests a message shows: the newest of each source first, then the second newest of each,
 * in the order in which they came. A crowd at one address hides no request from another.
 */
export function chooseShown(
  all: readonly WaitingRequest[],
  shown: number,
): readonly WaitingRequest[] {
  const sources = bySource(all);
  const rounds = Math.max(0, ...sources.map((list) => list.length));
  const chosen = new Set<WaitingRequest>();
  for (let round = 1; round <= rounds && chosen.size < shown; round += 1) {
    const next = sources.flatMap((list) => list.at(-round) ?? []);
    next.sort((a, b) => all.indexOf(b) - all.indexOf(a));
    for (const request of next.slice(0, shown - chosen.size)) chosen.add(request);
  }
  return all.filter((request) => chosen.has(request));
}

function bySource(all: readonly WaitingRequest[]): WaitingRequest[][] {
  const lists = new Map<string, WaitingRequest[]>();
  for (const request of all) {
    const list = lists.get(request.source);
    if (list) list.push(request);
    else lists.set(request.source, [request]);
  }
  return [...lists.values()];
}
