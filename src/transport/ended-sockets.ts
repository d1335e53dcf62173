import type { Places } from "../gateway/places.ts";
import { KeyCounts } from "../lib/key-counts.ts";
import type { World } from "../lib/world.ts";

/** Sockets whose time is over are forgotten so many milliseconds late at most, many at a time. */
const TOGETHER_MS = 500;
/** Least time between two questions to the kernel; no less than the answer took. */
const ASK_EVERY_MS = 100;
/** So many of one source are nothing to ask the kernel about. */
const FEW = 16;

interface Ended {
  readonly source: string;
  /** What it counts against: its source, or the device that was let in on it. */
  readonly holder: string;
  readonly at: number;
  gone: boolean;
}

interface Deps {
  readonly places: Places;
  /** How long each counts, where it is not known to be gone sooner. */
  readonly endedMs: number;
  readonly world: Pick<World, "after" | "monotonic">;
  /** How many of each source the kernel still has; `undefined` where it can't be asked. */
  readonly ask?: () => Promise<ReadonlyMap<string, number> | undefined>;
}

/**
 * Sockets that were closed with a frame and whose clients may not have hung up. uWebSockets.js does not
 * say when they did, so each counts against its source for as long as it may take. Where a source has
 * many, the kernel is asked which are really there: clients that behave are gone at once.
 */
export class EndedSockets {
  /** In the order of their time. */
  #queue: Ended[] = [];
  readonly #counts = new KeyCounts();
  #size = 0;
  #waits = false;
  #asking = false;
  /** When it may be asked again. */
  #askAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly deps: Deps) {}

  get size(): number {
    return this.#size;
  }

  /** Whether `source` may have one more socket; where it may not, this may change in a moment. */
  hasRoom(source: string): boolean {
    this.#askIfFew(source);
    return this.deps.places.hasRoom(source);
  }

  #askIfFew(source: string): void {
    const { places } = this.deps;
    const ended = this.#counts.of(source);
    const many = ended >= FEW && ended * 4 >= places.free;
    if (this.#size > 0 && (many || places.areFew)) this.#askKernel();
  }

  /** Counts one, if there is room for it: for its device's, where it was let in as one, or its source's. */
  add(source: string, device?: string): boolean {
    const { places, endedMs, world } = this.deps;
    const holder = device ?? source;
    this.#askIfFew(source);
    if (!places.mayLinger(holder)) return false;
    places.others(1);
    places.hold(holder);
    this.#size += 1;
    this.#counts.add(source);
    this.#queue.push({ source, holder, at: world.monotonic(), gone: false });
    this.#wait(endedMs);
    return true;
  }

  #forgetOne(ended: Ended): void {
    if (ended.gone) return;
    ended.gone = true;
    const { places } = this.deps;
    places.others(-1);
    places.release(ended.holder);
    this.#size -= 1;
    this.#counts.take(ended.source);
  }

  #wait(ms: number): void {
    if (this.#waits) return;
    this.#waits = true;
    this.deps.world.after(ms + TOGETHER_MS, () => this.#forget());
  }

  #forget(): void {
    const { endedMs, world } = this.deps;
    const now = world.monotonic();
    this.#waits = false;
    let over = 0;
    for (const ended of this.#queue) {
      if (!ended.gone && ended.at + endedMs > now) break;
      this.#forgetOne(ended);
      over += 1;
    }
    this.#queue = this.#queue.slice(over);
    const [next] = this.#queue;
    if (next !== undefined) this.#wait(next.at + endedMs - now);
  }

  #askKernel(): void {
    const { ask, world } = this.deps;
    const now = world.monotonic();
    if (ask === undefined || this.#asking || now < this.#askAt) return;
    this.#asking = true;
    void ask()
      .then((there) => there && this.#forgetGone(there, now))
      .finally(() => {
        const took = world.monotonic() - now;
        this.#askAt = world.monotonic() + Math.max(ASK_EVERY_MS, took);
        this.#asking = false;
      });
  }

  /** Of those that ended before the kernel was asked, it had so many; the others are gone. */
  #forgetGone(there: ReadonlyMap<string, number>, askedAt: number): void {
    const left = new Map(there);
    for (let n = this.#queue.length - 1; n >= 0; n -= 1) {
      const ended = this.#queue[n];
      if (!ended || ended.gone || ended.at >= askedAt) continue;
      const count = left.get(ended.source) ?? 0;
      if (count > 0) left.set(ended.source, count - 1);
      else this.#forgetOne(ended);
    }
    this.#queue = this.#queue.filter(({ gone }) => !gone);
  }
}
