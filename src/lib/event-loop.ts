import { monitorEventLoopDelay } from "node:perf_hooks";

/** How often the native timer looks, in milliseconds. */
const RESOLUTION = 20;
const NANO = 1e9;

/** How long the event loop kept things waiting, in seconds, since it was last asked. */
export interface LoopLag {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Watches the event loop from the first time that somebody asks: until then it costs nothing. Each
 * reader has its own watch, because reading starts the next period.
 */
export class LoopWatch {
  #histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;

  read(): LoopLag {
    if (!this.#histogram) {
      this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
      this.#histogram.enable();
      return { p50: 0, p99: 0, max: 0 };
    }
    const histogram = this.#histogram;
    const p50 = lagOf(histogram.percentile(50));
    const p99 = lagOf(histogram.percentile(99));
    const max = lagOf(histogram.max);
    histogram.reset();
    return { p50, p99, max };
  }

  close(): void {
    this.#histogram?.disable();
  }
}

/** What is measured is the time between two looks, so one that came in time counts as none. */
function lagOf(nanoseconds: number): number {
  const seconds = nanoseconds / NANO - RESOLUTION / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}
