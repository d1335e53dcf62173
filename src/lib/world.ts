import { randomBytes, randomUUID } from "node:crypto";

/** A timer that can be cancelled. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The outside as a value: clock, timers and randomness. Production code gets {@link systemWorld};
 * tests get a hand-driven one, so no test sleeps on a real clock.
 */
export interface World {
  /** Wall clock, integer milliseconds since the epoch. May jump both ways. */
  now(): number;
  /** Monotonic milliseconds (fractional) for durations and deadlines. Never jumps. */
  monotonic(): number;
  /** Calls `run` once after `ms` milliseconds. Never keeps the process alive. */
  after(ms: number, run: () => void): Timer;
  /** Calls `run` every `ms` milliseconds until cancelled. Never keeps the process alive. */
  every(ms: number, run: () => void): Timer;
  /** Cryptographically strong random bytes. */
  bytes(count: number): Buffer;
  /** A random UUID, version 4. */
  uuid(): string;
}

/** The real clock, timers and randomness of this process. */
export const systemWorld: World = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const handle = setTimeout(run, ms);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  every(ms, run) {
    const handle = setInterval(run, ms);
    handle.unref();
    return { cancel: () => clearInterval(handle) };
  },
  bytes: (count) => randomBytes(count),
  uuid: () => randomUUID(),
};
