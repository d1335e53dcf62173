import { monitorEventLoopDelay, performance } from "node:perf_hooks";

/** The event loop as clients show it (`eventLoop` of the protocol's health). */
export interface LoopFigures {
  readonly degraded: boolean;
  readonly reasons: readonly ("event_loop_delay" | "event_loop_utilization")[];
  /** Milliseconds that `utilization` and `cpuCoreRatio` are measured over. */
  readonly intervalMs: number;
  /** How late the loop was when it was last measured, in milliseconds. */
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  /** Share of `intervalMs` in which the loop was busy, 0 to 1. */
  readonly utilization: number;
  /** Processor time over `intervalMs`: 1 is one core. */
  readonly cpuCoreRatio: number;
}

/** A shorter time says little about a share: starting alone keeps the loop busy for a while. */
const LEAST_MS = 5000;
const LATE_MS = 500;
const BUSY = 0.95;

/**
 * Measures the event loop between two readings, and only when it is read: it has no timer. (The
 * histogram behind `/metrics` needs one.)
 */
export class LoopGauge {
  #from = {
    at: performance.now(),
    loop: performance.eventLoopUtilization(),
    cpu: process.cpuUsage(),
  };
  #shares = { intervalMs: 0, utilization: 0, cpuCoreRatio: 0 };
  #delayMs = 0;
  #measuring: Promise<void> | undefined;

  /** Waits for the end of this turn of the loop, which is how late it is. */
  async measure(): Promise<LoopFigures> {
    this.#measuring ??= this.#wait();
    await this.#measuring;
    return this.figures;
  }

  async #wait(): Promise<void> {
    const startedAt = performance.now();
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#delayMs = performance.now() - startedAt;
    this.#measuring = undefined;
  }

  /** The figures at hand. */
  get figures(): LoopFigures {
    this.#look();
    const late = this.#delayMs > LATE_MS;
    const { intervalMs, utilization } = this.#shares;
    const busy = utilization > BUSY && intervalMs >= LEAST_MS;
    const delay = Math.round(this.#delayMs * 10) / 10;
    return {
      degraded: late || busy,
      reasons: [
        ...(late ? (["event_loop_delay"] as const) : []),
        ...(busy ? (["event_loop_utilization"] as const) : []),
      ],
      ...this.#shares,
      delayP99Ms: delay,
      delayMaxMs: delay,
    };
  }

  #look(): void {
    const { at, loop, cpu } = this.#from;
    const now = performance.now();
    const intervalMs = Math.round(now - at);
    if (intervalMs < LEAST_MS && this.#shares.intervalMs > 0) return;
    const { user, system } = process.cpuUsage(cpu);
    const { utilization } = performance.eventLoopUtilization(loop);
    this.#shares = {
      intervalMs,
      utilization: share(utilization),
      cpuCoreRatio: share((user + system) / 1000 / Math.max(1, intervalMs)),
    };
    if (intervalMs < LEAST_MS) return;
    this.#from = {
      at: now,
      loop: performance.eventLoopUtilization(),
      cpu: process.cpuUsage(),
    };
  }
}

function share(value: number): number {
  return Number.isFinite(value) ? Math.round(value * 1000) / 1000 : 0;
}

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
 * Measures the event loop's delay from the first reading on; before that it costs nothing. Each
 * reader needs its own, because a reading begins the next period.
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
