import { createHash } from "node:crypto";
import type { Timer, World } from "../../src/lib/world.ts";

interface Scheduled {
  at: number;
  run: () => void;
  every?: number;
}

/** A world driven by hand: time moves only through `advance`, randomness is a counter's hash. */
export class HandWorld implements World {
  #now: number;
  #mono = 0;
  #counter = 0;
  readonly #timers = new Set<Scheduled>();

  constructor(startMs = 1_795_000_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return Math.floor(this.#now);
  }

  monotonic(): number {
    return this.#mono;
  }

  after(ms: number, run: () => void): Timer {
    return this.#schedule({ at: this.#mono + ms, run });
  }

  every(ms: number, run: () => void): Timer {
    return this.#schedule({ at: this.#mono + ms, run, every: ms });
  }

  bytes(count: number): Buffer {
    const out: Buffer[] = [];
    for (let have = 0; have < count; have += 32) {
      this.#counter += 1;
      out.push(createHash("sha256").update(`hand-world-${this.#counter}`).digest());
    }
    return Buffer.concat(out).subarray(0, count);
  }

  uuid(): string {
    const hex = this.bytes(16).toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }

  /** Moves both clocks forward by `ms`, firing due timers in order. */
  advance(ms: number): void {
    const end = this.#mono + ms;
    for (;;) {
      let next: Scheduled | undefined;
      for (const timer of this.#timers) {
        if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
      }
      if (!next) break;
      this.#now += next.at - this.#mono;
      this.#mono = next.at;
      if (next.every === undefined) this.#timers.delete(next);
      else next.at += next.every;
      next.run();
    }
    this.#now += end - this.#mono;
    this.#mono = end;
  }

  /** Jumps the wall clock alone, as NTP or an operator does. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** How many timers are pending: a leak check. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  #schedule(timer: Scheduled): Timer {
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }
}
