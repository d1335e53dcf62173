/** How many messages may still go out. Times are monotonic milliseconds. */
export interface Pace {
  /** Messages that may go out, counted at `at`; a fraction is one that is not due yet. */
  readonly left: number;
  readonly at: number;
  readonly lastSentAt?: number;
}

export interface PaceRules {
  readonly gapMs: number;
  readonly burst: number;
  readonly refillMs: number;
}

export function freshPace(now: number, rules: PaceRules): Pace {
  return { left: rules.burst, at: now };
}

/** Milliseconds until a message may go out; 0 when it may now. */
export function untilNext(pace: Pace, now: number, rules: PaceRules): number {
  const { left, lastSentAt } = refilled(pace, now, rules);
  const gap = lastSentAt === undefined ? 0 : lastSentAt + rules.gapMs - now;
  const refill = left >= 1 ? 0 : (1 - left) * rules.refillMs;
  return Math.max(0, Math.ceil(Math.max(gap, refill)));
}

/** The pace after a message at `now`. */
export function afterMessage(pace: Pace, now: number, rules: PaceRules): Pace {
  const { left } = refilled(pace, now, rules);
  return { left: Math.max(0, left - 1), at: now, lastSentAt: now };
}

function refilled(pace: Pace, now: number, { burst, refillMs }: PaceRules): Pace {
  const left = Math.min(burst, pace.left + (now - pace.at) / refillMs);
  return { ...pace, left, at: now };
}
