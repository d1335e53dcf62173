import { describe, expect, test } from "vitest";
import {
  afterFailure,
  FailureLimiter,
  type LimiterRules,
  lockRemaining,
  type Tally,
} from "../../src/lib/limiter.ts";
import { limitTable } from "../../src/limits/table.ts";

const rules: LimiterRules = {
  failures: limitTable.authFailures.value,
  windowMs: limitTable.authWindowMs.value,
  lockMs: limitTable.authLockMs.value,
};

function setUp(more: Partial<LimiterRules> = {}, entries = 100) {
  const clock = { now: 0 };
  const limiter = new FailureLimiter({ ...rules, ...more }, { entries, now: () => clock.now });
  return { clock, limiter };
}

describe("authFailures", () => {
  test("as many within the window lock, one fewer do not", () => {
    const { limiter } = setUp();
    for (let i = 1; i < rules.failures; i += 1) expect(limiter.fail("a")).toBe(false);
    expect(limiter.locked("a")).toBe(0);
    expect(limiter.fail("a")).toBe(true);
    expect(limiter.locked("a")).toBe(rules.lockMs);
    expect(limiter.locked("b")).toBe(0);
  });

  test("authWindowMs: after the window the count starts anew", () => {
    const { limiter, clock } = setUp();
    for (let i = 1; i < rules.failures; i += 1) limiter.fail("a");
    clock.now = rules.windowMs;
    expect(limiter.fail("a")).toBe(false);
    expect(limiter.locked("a")).toBe(0);
  });

  test("authLockMs: the lock ends by itself and is not prolonged by trying", () => {
    const { limiter, clock } = setUp({ failures: 1 });
    limiter.fail("a");
    clock.now = rules.lockMs - 1;
    expect(limiter.fail("a")).toBe(false);
    expect(limiter.locked("a")).toBe(1);
    clock.now = rules.lockMs;
    expect(limiter.locked("a")).toBe(0);
    expect(limiter.fail("a")).toBe(true);
  });

  test("a right credential forgets failures, but opens no lock", () => {
    const { limiter } = setUp({ failures: 2 });
    limiter.fail("a");
    limiter.succeed("a");
    expect(limiter.fail("a")).toBe(false);
    limiter.fail("a");
    limiter.succeed("a");
    expect(limiter.locked("a")).toBe(rules.lockMs);
  });
});

test("limiterEntries: the longest quiet address is forgotten, memory stays bounded", () => {
  const { limiter } = setUp({ failures: 2 }, 3);
  limiter.fail("a");
  for (const key of ["b", "c"]) limiter.fail(key);
  limiter.fail("a");
  limiter.fail("d");
  expect(limiter.size).toBe(3);
  expect(limiter.locked("a")).toBe(rules.lockMs);
  expect(limiter.fail("b")).toBe(false);
  for (let i = 0; i < 10_000; i += 1) limiter.fail(`flood${i}`);
  expect(limiter.size).toBe(3);
});

test("the steps are pure: a lock remembers nothing of the window after it", () => {
  const locked: Tally = { failures: 10, windowEndsAt: 50, lockedUntil: 100 };
  expect(afterFailure(locked, rules, 99)).toBe(locked);
  expect(afterFailure(locked, rules, 100)).toEqual({
    failures: 1,
    windowEndsAt: 100 + rules.windowMs,
  });
  expect(lockRemaining(locked, 99.5)).toBe(1);
  expect(lockRemaining(undefined, 0)).toBe(0);
});
