/** Upper bounds of the classes in milliseconds; one more class holds what is longer. */
export const durationBounds = [
  0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000, 5000, 30_000,
] as const;

/** Counts durations by class: a few additions each, so it may stand on the hot path. */
export class Durations {
  /** How many durations fell into each class. */
  readonly counts: number[] = new Array(durationBounds.length + 1).fill(0);
  /** All of them together, in milliseconds. */
  totalMs = 0;
  count = 0;

  record(ms: number): void {
    let at = 0;
    while (at < durationBounds.length && ms > (durationBounds[at] ?? 0)) at += 1;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.totalMs += ms;
    this.count += 1;
  }
}
