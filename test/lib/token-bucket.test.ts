import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TokenBucket, TokenBuckets, tokensAt, untilTaking } from "../../src/lib/token-bucket.ts";

const rules = { burst: 10, perSecond: 2 };

describe("a bucket", () => {
  test.each([
    ["that is not there is full", undefined, 0, 10],
    ["keeps what it holds within no time", { tokens: 3, at: 5000 }, 5000, 3],
    ["fills as time goes by", { tokens: 3, at: 5000 }, 6500, 6],
    ["holds no more than its burst", { tokens: 3, at: 5000 }, 60_000, 10],
    ["pays its debt first", { tokens: -6, at: 0 }, 2000, -2],
    ["takes no clock for one that runs backwards", { tokens: 3, at: 5000 }, 4000, 3],
  ])("%s", (_name, bucket, now, tokens) => {
    expect(tokensAt(bucket, rules, now)).toBe(tokens);
  });

  test.each([
    ["what is there may be taken", 4, 4, 0],
    ["what is missing takes as long as it takes to fill", 4, 5, 500],
    ["a part of a millisecond is one", 3.999, 4, 1],
    ["more than it ever holds may be taken from a full one", 10, 1000, 0],
    ["but from none that is not full", 9, 1000, 500],
    ["and not while it is in debt", -10, 1, 5500],
  ])("%s", (_name, tokens, amount, ms) => {
    expect(untilTaking(tokens, amount, rules)).toBe(ms);
  });

  test("whatever is taken and when, no more than its burst and what filled meanwhile", () => {
    const step = fc.record({ ms: fc.nat(3000), amount: fc.integer({ min: 1, max: 10 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const bucket = new TokenBucket(rules);
        let [now, taken] = [0, 0];
        for (const { ms, amount } of steps) {
          now += ms;
          const wait = bucket.until(amount, now);
          // Who waits as long as was said may take then.
          expect(bucket.until(amount, now + wait)).toBe(0);
          if (wait > 0) continue;
          bucket.take(amount, now);
          taken += amount;
        }
        expect(taken).toBeLessThanOrEqual(rules.burst + (now * rules.perSecond) / 1000 + 1e-6);
      }),
    );
  });
});

test("of many keys the one that was used longest ago is forgotten", () => {
  const buckets = new TokenBuckets({ burst: 1, perSecond: 1 }, 2);
  for (const key of ["a", "b", "a", "c"]) buckets.take(key, 1, 0);
  expect(["a", "b", "c"].map((key) => buckets.until(key, 1, 0))).toEqual([2000, 0, 1000]);
  expect(buckets.size).toBe(2);
});
