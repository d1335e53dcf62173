/** Failures of one source within the running window. Times are monotonic milliseconds. */
export interface Tally {
  readonly failures: number;
  readonly windowEndsAt: number;
  /** Set while the source is locked. */
  readonly lockedUntil?: number;
}

export interface LimiterRules {
  readonly failures: number;
  readonly windowMs: number;
  readonly lockMs: number;
}

interface LimiterDeps {
  /** Most keys that are remembered. */
  readonly entries: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Told of each key whose lock begins. */
  readonly onLock?: (key: string) => void;
}

/** The tally after one more failure at `now`. */
export function afterFailure(tally: Tally | undefined, rules: LimiterRules, now: number): Tally {
  if (tally?.lockedUntil !== undefined && now < tally.lockedUntil) return tally;
  const fresh = !tally || now >= tally.windowEndsAt || tally.lockedUntil !== undefined;
  const failures = fresh ? 1 : tally.failures + 1;
  const windowEndsAt = fresh ? now + rules.windowMs : tally.windowEndsAt;
  if (failures < rules.failures) return { failures, windowEndsAt };
  return { failures, windowEndsAt, lockedUntil: now + rules.lockMs };
}

/** Milliseconds until the source may try again; 0 when it may now. */
export function lockRemaining(tally: Tally | undefined, now: number): number {
  if (tally?.lockedUntil === undefined) return 0;
  return Math.max(0, Math.ceil(tally.lockedUntil - now));
}

/**
 * Remembers failures per key, at most `deps.entries` of them: the one that failed longest ago goes first,
 * so a flood from many addresses cannot grow memory.
 */
export class FailureLimiter {
  readonly #tallies = new Map<string, Tally>();

  constructor(
    private readonly rules: LimiterRules,
    private readonly deps: LimiterDeps,
  ) {}

  /** Milliseconds that `key` is still locked; 0 when it is not. */
  locked(key: string): number {
    return lockRemaining(this.#tallies.get(key), this.deps.now());
  }

  /** Counts a failure; true when this one started a lock. */
  fail(key: string): boolean {
    const before = this.#tallies.get(key);
    const after = afterFailure(before, this.rules, this.deps.now());
    this.#tallies.delete(key);
    this.#tallies.set(key, after);
    if (this.#tallies.size > this.deps.entries) {
      const [oldest] = this.#tallies.keys();
      if (oldest !== undefined) this.#tallies.delete(oldest);
    }
    const locks = after.lockedUntil !== undefined && before?.lockedUntil !== after.lockedUntil;
    if (locks) this.deps.onLock?.(key);
    return locks;
  }

  /** Forgets the failures of `key` unless it is locked: a right credential was seen. */
  succeed(key: string): void {
    if (this.locked(key) === 0) this.#tallies.delete(key);
  }

  get size(): number {
    return this.#tallies.size;
  }
}
