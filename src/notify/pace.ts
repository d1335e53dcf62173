import { type Bucket, tokensAt, untilTaking } from "../lib/token-bucket.ts";

/** How many messages may still go out: one token each. Times are monotonic milliseconds. */
export interface MessagePace extends Bucket {
  readonly lastSentAt?: number;
}

export interface PaceRules {
  readonly gapMs: number;
  readonly burst: number;
  readonly refillMs: number;
}

const SECOND = 1000;

export function freshPace(now: number, rules: PaceRules): MessagePace {
  return { tokens: rules.burst, at: now };
}

/** Milliseconds until a message may go out; 0 when it may now. */
export function untilNext(pace: MessagePace, now: number, rules: PaceRules): number {
  const bucket = bucketOf(rules);
  const gap = pace.lastSentAt === undefined ? 0 : pace.lastSentAt + rules.gapMs - now;
  return Math.max(0, Math.ceil(gap), untilTaking(tokensAt(pace, bucket, now), 1, bucket));
}

/** The pace after a message at `now`. */
export function afterMessage(pace: MessagePace, now: number, rules: PaceRules): MessagePace {
  const tokens = Math.max(0, tokensAt(pace, bucketOf(rules), now) - 1);
  return { tokens, at: now, lastSentAt: now };
}

function bucketOf({ burst, refillMs }: PaceRules) {
  return { burst, perSecond: SECOND / refillMs };
}
