import type { Places } from "../gateway/places.ts";
import type { World } from "../lib/world.ts";

/** Sockets whose time is over are forgotten so many milliseconds late at most, many at a time. */
const TOGETHER_MS = 500;

interface Ended {
  readonly source: string;
  readonly until: number;
}

/**
 * Sockets that were closed with a frame and whose clients may not have hung up. uWebSockets.js does not
 * say when they did, so each counts against its source for as long as it may take.
 */
export class EndedSockets {
  #queue: Ended[] = [];
  /** How many at the front of the queue are over. */
  #over = 0;
  #waits = false;

  constructor(
    private readonly deps: {
      readonly places: Places;
      readonly endedMs: number;
      readonly world: Pick<World, "after" | "monotonic">;
    },
  ) {}

  get size(): number {
    return this.#queue.length - this.#over;
  }

  /** Counts one, if its source has room for it. */
  add(source: string): boolean {
    const { places, endedMs, world } = this.deps;
    if (!places.hasRoom(source)) return false;
    places.others(1);
    places.hold(source);
    this.#queue.push({ source, until: world.monotonic() + endedMs });
    this.#wait(endedMs);
    return true;
  }

  #wait(ms: number): void {
    if (this.#waits) return;
    this.#waits = true;
    this.deps.world.after(ms + TOGETHER_MS, () => this.#forget());
  }

  #forget(): void {
    const { places, world } = this.deps;
    const now = world.monotonic();
    this.#waits = false;
    let next = this.#queue[this.#over];
    while (next !== undefined && next.until <= now) {
      places.others(-1);
      places.release(next.source);
      this.#over += 1;
      next = this.#queue[this.#over];
    }
    if (this.#over * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#over);
      this.#over = 0;
    }
    if (next !== undefined) this.#wait(next.until - now);
  }
}
