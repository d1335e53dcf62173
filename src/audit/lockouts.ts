import type { World } from "../lib/world.ts";

const HOUR_MS = 60 * 60 * 1000;

/**
 * Lets so many lockouts of an hour into the audit and counts the rest: strangers cause them, and must
 * not be able to fill the disk or push out what matters.
 */
export class LockoutLines {
  #hourEndsAt = 0;
  #written = 0;
  #leftOut = 0;

  constructor(
    private readonly perHour: number,
    private readonly world: Pick<World, "monotonic">,
  ) {}

  /** Whether this one is written, and how many before it were not; `undefined` if it is left out. */
  next(): { leftOut: number } | undefined {
    const now = this.world.monotonic();
    if (now >= this.#hourEndsAt) {
      this.#hourEndsAt = now + HOUR_MS;
      this.#written = 0;
    }
    if (this.#written >= this.perHour) {
      this.#leftOut += 1;
      return undefined;
    }
    this.#written += 1;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return { leftOut };
  }
}
