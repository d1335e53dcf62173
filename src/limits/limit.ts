/** One limit: its number, what it bounds, what happens past it, and where that is counted and tested. */
export interface Limit {
  readonly value: number;
  readonly unit: "bytes" | "ms" | "count";
  readonly bounds: string;
  readonly past: string;
  /** Name of the counter that `status` reports, or `-` where nothing is refused. */
  readonly metric: string;
  /** The test that pushes past it, relative to `test/`. */
  readonly test: string;
}

export const KiB = 1024;

export const MiB = 1024 * KiB;

export const SECOND = 1000;

export const MINUTE = 60 * SECOND;
