/** How many messages may still go out. Times are monotonic milliseconds. */
export interface MessagePace {
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

export function freshPace(now: number, rules: PaceRules): MessagePace {
  return { left: rules.burst, at: now };
}

/** Milliseconds until a message may go out; 0 when it may now. */
export function untilNext(pace: MessagePace, now: number, rules: PaceRules): number {
  const { left, lastSentAt } = refilled(pace, now, rules);
  const gap = lastSentAt === undefined ? 0 : lastSentAt + rules.gapMs - now;
  const refill = left >= 1 ? 0 : (1 - left) * rules.refillMs;
  return Math.max(0, Math.ceil(Math.max(gap, refill)));
}

/** The pace after a message at `now`. */
export function afterMessage(pace: MessagePace, now: number, rules: PaceRules): MessagePace {
  const { left } = refilled(pace, now, rules);
  return { left: Math.max(0, left - 1), at: now, lastSentAt: now };
}

function refilled(pace: MessagePace, now: number, { burst, refillMs }: PaceRules): MessagePace {
  const left = Math.min(burst, pace.left + (now - pace.at) / refillMs);
  return { ...pace, left, at: now };
}
