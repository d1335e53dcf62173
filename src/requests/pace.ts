import { prefixKey } from "../lib/net.ts";
import { TokenBuckets } from "../lib/token-bucket.ts";
import type { Limits } from "../limits/table.ts";
import type { AccessAsk } from "./rules.ts";

type PaceLimits = Pick<
  Limits,
  | "limiterEntries"
  | "requestBurst"
  | "requestBurstPerAddress"
  | "requestBurstPerPrefix"
  | "requestsPerMinute"
  | "requestsPerMinutePerAddress"
  | "requestsPerMinutePerPrefix"
>;

const MINUTE_S = 60;

type PacedAsk = Pick<AccessAsk, "deviceId" | "isRepair" | "secretEpoch" | "source">;

/**
 * How often new requests are made: by address, by prefix and in all. Who is paired or shows the shared
 * secret is no stranger: a device of these is counted by itself, so that no stranger keeps it from asking.
 */
export class RequestPace {
  readonly #byDevice: TokenBuckets;
  readonly #bySource: TokenBuckets;
  readonly #byPrefix: TokenBuckets;
  readonly #inAll: TokenBuckets;

  /** `now`: monotonic milliseconds. */
  constructor(
    limits: PaceLimits,
    private readonly now: () => number,
  ) {
    const buckets = (burst: number, perMinute: number) =>
      new TokenBuckets({ burst, perSecond: perMinute / MINUTE_S }, limits.limiterEntries);
    const { requestBurstPerAddress: burst, requestsPerMinutePerAddress: perMinute } = limits;
    this.#byDevice = buckets(burst, perMinute);
    this.#bySource = buckets(burst, perMinute);
    this.#byPrefix = buckets(limits.requestBurstPerPrefix, limits.requestsPerMinutePerPrefix);
    this.#inAll = buckets(limits.requestBurst, limits.requestsPerMinute);
  }

  /** Counts a request and returns 0, or says in how many milliseconds there may be one. */
  count(asked: PacedAsk): number {
    const now = this.now();
    const buckets = this.#of(asked);
    const wait = Math.max(...buckets.map(([bucket, key]) => bucket.until(key, 1, now)));
    if (wait === 0) for (const [bucket, key] of buckets) bucket.take(key, 1, now);
    return wait;
  }

  /** The owner approved what was counted, so it was no stranger's: another one may come in its place. */
  giveBack(asked: PacedAsk): void {
    const now = this.now();
    for (const [bucket, key] of this.#of(asked)) bucket.take(key, -1, now);
  }

  /** The buckets that a request takes of, each with its key. */
  #of({ source, isRepair, deviceId, secretEpoch }: PacedAsk): (readonly [TokenBuckets, string])[] {
    if (isRepair || secretEpoch !== undefined) return [[this.#byDevice, deviceId]];
    return [
      [this.#bySource, source],
      [this.#byPrefix, prefixKey(source)],
      [this.#inAll, ""],
    ];
  }
}
