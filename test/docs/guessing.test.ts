import { describe, expect, test } from "vitest";
import { guessing, oneIn, triesPerDay } from "../../scripts/docs/guessing.ts";
import { FailureLimiter } from "../../src/lib/limiter.ts";
import { limitValues } from "../../src/limits/table.ts";
import { CODES, CODES_ONE_OFF, normalizeCode, shortCode } from "../../src/words/code.ts";

const limits = limitValues();
const DAY_MS = 24 * 60 * 60 * 1000;
const g = guessing();

/** How many wrong tries a caller has in a day that stops `spare` short of the lock in each window. */
function tries(rules: { failures: number; windowMs: number; lockMs: number }, spare: number) {
  const clock = { now: 0 };
  const limiter = new FailureLimiter(rules, { entries: 10, now: () => clock.now });
  let tried = 0;
  while (clock.now < DAY_MS) {
    for (let n = 0; n < rules.failures - spare; n += 1) {
      limiter.fail("guesser");
      tried += 1;
    }
    clock.now += spare > 0 ? rules.windowMs : limiter.locked("guesser");
  }
  return tried;
}

const codeRules = {
  failures: limits.codeFailures,
  windowMs: limits.codeWindowMs,
  lockMs: limits.codeLockMs,
};
const linkRules = {
  failures: limits.authFailures,
  windowMs: limits.authWindowMs,
  lockMs: limits.authLockMs,
};

describe("the page on guessing", () => {
  test.each([
    ["codes", codeRules, g.codeTries],
    ["links", linkRules, g.linkTries],
  ])("counts the tries at %s that the limiter really gives", (_what, rules, stated) => {
    const real = Math.max(tries(rules, 1), tries(rules, 0));
    expect(stated).toBe(real);
    expect(triesPerDay(rules)).toBe(stated);
  });

  test("counts the codes that there really are", () => {
    const code = shortCode(["any"]);
    expect(CODES).toBe(2 ** 40);
    const alphabet = [..."0123456789ABCDEFGHJKMNPQRSTVWXYZ"];
    const places = [...code].flatMap((char, at) => (char === "-" ? [] : [at]));
    const near = places.flatMap((at) =>
      alphabet.map((char) => code.slice(0, at) + char + code.slice(at + 1)),
    );
    const others = new Set(near.map((one) => normalizeCode(one)));
    others.delete(code);
    expect(others.size).toBe(CODES_ONE_OFF);
  });

  test("says what the table of limits comes to", () => {
    expect(g.codesOut).toBe(limits.pendingRequests + limits.nodeRequests);
    expect(g.codeNamed).toBeCloseTo((g.codeTries * g.codesOut) / 2 ** 40, 12);
    expect(g.askedMeanwhile).toBe(limits.requestBurst + limits.requestsPerMinute * 30);
    expect(g.lookalike).toBeLessThan(1 / 100_000);
    expect(g.codeNamed).toBeLessThan(1 / 10_000);
    expect(Math.max(g.link, g.join)).toBeLessThan(1e-20);
  });

  test.each([
    [1 / 67_432, "1 in 67,000"],
    [1 / 7, "1 in 7"],
    [3e-23, "1 in 10^22"],
  ])("writes %d as %s", (probability, words) => {
    expect(oneIn(probability)).toBe(words);
  });
});
