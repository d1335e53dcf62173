import type { Timer, World } from "./world.ts";

/** A log as its writers see it. */
export interface LineLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

interface Deps {
  readonly world: World;
  readonly log: LineLog;
  /** Lines per second; what comes beyond is counted instead of written. */
  readonly perSecond: number;
  /** Bytes of such lines per second, about; any number if absent. */
  readonly bytesPerSecond?: number;
  /** Called for every line that was counted only. */
  readonly leftOut?: () => void;
}

const SECOND = 1000;

/** One line: its level, what it is counted as, its facts and its words. `kind` is from a fixed set. */
export interface BoundedLine {
  readonly level: keyof LineLog;
  readonly kind: string;
  readonly facts: object;
  readonly message: string;
}

/**
 * Lines that strangers can cause. At most `perSecond` of them, and `bytesPerSecond`, are written in a second; the rest is
 * summed up by kind in one line at that second's end, so a storm fills no disk and blocks no loop.
 */
export class BoundedLog {
  #from = Number.NEGATIVE_INFINITY;
  #written = 0;
  #bytes = 0;
  readonly #leftOut = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(private readonly deps: Deps) {}

  write({ level, kind, facts, message }: BoundedLine): void {
    const { world, log } = this.deps;
    const now = world.monotonic();
    if (now - this.#from >= SECOND) this.#begin(now);
    if (this.#hasRoom(facts, message)) return log[level](facts, message);
    this.#leftOut.set(kind, (this.#leftOut.get(kind) ?? 0) + 1);
    this.deps.leftOut?.();
    this.#timer ??= world.after(this.#from + SECOND - now, () => this.flush());
  }

  #hasRoom(facts: object, message: string): boolean {
    const { perSecond, bytesPerSecond } = this.deps;
    this.#written += 1;
    if (this.#written > perSecond) return false;
    if (bytesPerSecond === undefined) return true;
    // Its time, its level and what else every line has come to about as much as this leaves out.
    this.#bytes += Buffer.byteLength(message) + Buffer.byteLength(JSON.stringify(facts));
    return this.#bytes <= bytesPerSecond;
  }

  #begin(now: number): void {
    this.flush();
    this.#from = now;
    this.#written = 0;
    this.#bytes = 0;
  }

  /** Writes the summary that is due; nothing when every line was written. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#leftOut.size === 0) return;
    const counts = Object.fromEntries([...this.#leftOut].sort(([a], [b]) => (a < b ? -1 : 1)));
    this.#leftOut.clear();
    const lines = Object.values(counts).reduce((sum, count) => sum + count, 0);
    this.deps.log.warn({ lines, counts }, "left out of the log: too many lines in one second");
  }
}
