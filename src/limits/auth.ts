import { type Limit, MINUTE, MiB } from "./limit.ts";
import { usableMemory } from "./usable-memory.ts";

/** The limits of wrong credentials and of hashing: a part of the table in table.ts. */
export const authLimitTable = {
  authFailures: {
    value: 10,
    unit: "count",
    bounds: "wrong credentials of one class from one address within `authWindowMs`",
    past: "`AUTH_RATE_LIMITED` for `authLockMs`; valid device tokens still pass",
    metric: "auth-locked",
    test: "lib/limiter.test.ts",
  },
  authWindowMs: {
    value: MINUTE,
    unit: "ms",
    bounds: "window in which wrong credentials are counted",
    past: "the count starts anew",
    metric: "-",
    test: "lib/limiter.test.ts",
  },
  authLockMs: {
    value: 5 * MINUTE,
    unit: "ms",
    bounds: "lock after too many wrong credentials",
    past: "the lock ends",
    metric: "-",
    test: "lib/limiter.test.ts",
  },
  limiterEntries: {
    value: 10_000,
    unit: "count",
    bounds: "addresses whose failures are remembered",
    past: "the longest quiet one is forgotten",
    metric: "-",
    test: "lib/limiter.test.ts",
  },
  argon2AtOnce: {
    value: usableMemory() < 1024 * MiB ? 1 : 2,
    unit: "count",
    bounds: "password hashes computed at once (1 below 1 GiB of memory)",
    past: "the next one queues",
    metric: "-",
    test: "auth/secret.test.ts",
  },
  argon2Queued: {
    value: 32,
    unit: "count",
    bounds:
      "secrets that wait to be hashed; networks (/24, IPv6 /48) take turns, and in each its addresses. One of an address that asks for the first time waits for what is being hashed, one more, and two for each other network, in all never for more than 64 beside what is being hashed",
    past: "`UNAVAILABLE` `authentication busy; retry shortly`, retryable, for the newest of the network with most, or for the newcomer where all have as many",
    metric: "auth-busy",
    test: "auth/turns.test.ts",
  },
  argon2PerSource: {
    value: 4,
    unit: "count",
    bounds: "different secrets of one address that are hashed or wait for it",
    past: "`UNAVAILABLE` `authentication busy; retry shortly`, retryable",
    metric: "auth-busy",
    test: "auth/secret.test.ts",
  },
  knownSecrets: {
    value: 1024,
    unit: "count",
    bounds: "keyed digests of secrets already checked, right and wrong",
    past: "the oldest is forgotten and costs a hash again",
    metric: "-",
    test: "auth/secret.test.ts",
  },
} as const satisfies Record<string, Limit>;
