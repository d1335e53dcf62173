/** What a bucket held at a moment, in monotonic milliseconds. Below 0 it is in debt. */
export interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/** A bucket is full at first. Empty, it fills by so many tokens a second. */
export interface BucketRules {
  readonly burst: number;
  readonly perSecond: number;
}

const SECOND = 1000;
/** What adding up fractions may be off by. */
const ROUNDING = 1e-9;

/** What the bucket holds at `now`; a bucket that is not there is full. */
export function tokensAt(bucket: Bucket | undefined, rules: BucketRules, now: number): number {
  if (!bucket) return rules.burst;
  const filled = bucket.tokens + (Math.max(0, now - bucket.at) * rules.perSecond) / SECOND;
  return Math.min(rules.burst, filled);
}

/**
 * Milliseconds until `amount` may be taken; 0 when it may now. More than a bucket ever holds may be taken
 * from a full one, and leaves it in debt: so what is large comes through, but seldom.
 */
export function untilTaking(tokens: number, amount: number, { burst, perSecond }: BucketRules) {
  const missing = Math.min(amount, burst) - tokens;
  return missing <= ROUNDING ? 0 : Math.ceil((missing * SECOND) / perSecond);
}

/** One bucket on a clock that is given at each step. */
export class TokenBucket {
  #bucket: Bucket | undefined;

  constructor(private readonly rules: BucketRules) {}

  until(amount: number, now: number): number {
    return untilTaking(tokensAt(this.#bucket, this.rules, now), amount, this.rules);
  }

  /** Takes `amount` whether it is there or not. */
  take(amount: number, now: number): void {
    this.#bucket = { tokens: tokensAt(this.#bucket, this.rules, now) - amount, at: now };
  }
}

/**
 * A bucket for each key, at most `entries` of them. The one that was used longest ago is forgotten first:
 * it had most time to fill.
 */
export class TokenBuckets {
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(
    private readonly rules: BucketRules,
    private readonly entries: number,
  ) {}

  until(key: string, amount: number, now: number): number {
    return this.#buckets.get(key)?.until(amount, now) ?? 0;
  }

  take(key: string, amount: number, now: number): void {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.rules);
    bucket.take(amount, now);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size <= this.entries) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }

  get size(): number {
    return this.#buckets.size;
  }
}
