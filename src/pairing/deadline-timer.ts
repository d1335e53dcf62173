import type { Timer, World } from "../lib/world.ts";

/** The longest that a timer takes, in milliseconds: beyond it Node.js fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** One timer by the wall clock, set for the earliest of the times that were asked for. */
export class DeadlineTimer {
  #timer: Timer | undefined;
  #at = Number.POSITIVE_INFINITY;

  constructor(private readonly deps: { world: World; now: () => number; due: () => void }) {}

  /** Fires at `at` or before; `undefined` asks for nothing. */
  set(at: number | undefined): void {
    if (at === undefined || at >= this.#at) return;
    const { world, now, due } = this.deps;
    this.#timer?.cancel();
    this.#at = at;
    const wait = Math.min(Math.max(0, at - now()), LONGEST_MS);
    this.#timer = world.after(wait + 1, () => {
      this.#at = Number.POSITIVE_INFINITY;
      due();
    });
  }

  /** The wall clock was set by so many milliseconds; the wait stays what it was. */
  moved(by: number): void {
    this.#at += by;
  }

  cancel(): void {
    this.#timer?.cancel();
  }
}
