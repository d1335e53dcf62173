import { expect, test } from "vitest";
import { compare, plans } from "../../scripts/bench/compare.mjs";

/** Numbers from 0 to 1 that are the same at every run (a linear congruence). */
function numbers(seed: number) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** Numbers about 0 with a standard deviation of 1: the bell's, and now and then three times as far. */
function noise(next: () => number) {
  const bell = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return next() < 0.05 ? 3 * bell : bell;
}

/** A row whose second build costs `times` the first, on a machine that drifts and is noisy. */
function measured(next: () => number, of: { times: number; noise: number; repeats: number }) {
  const before: number[] = [];
  const now: number[] = [];
  let machine = 1;
  for (let repeat = 0; repeat < of.repeats; repeat += 1) {
    machine *= 1 + 0.1 * noise(next);
    before.push(50 * machine * (1 + of.noise * noise(next)));
    now.push(50 * machine * of.times * (1 + of.noise * noise(next)));
  }
  return { before, now };
}

function verdicts(times: number, plan: (typeof plans)["full" | "quick"], rounds = 20_000) {
  const next = numbers(7);
  const found = { worse: 0, better: 0, same: 0 };
  for (let i = 0; i < rounds; i += 1) {
    const repeats = measured(next, { times, noise: 0.02, repeats: plan.repeats });
    found[compare(repeats, plan).verdict] += 1 / rounds;
  }
  return found;
}

test.each(Object.values(plans))(
  "$repeats repeats of the same: less than $chance are called changed",
  (plan) => {
    const { worse, better } = verdicts(1, plan);
    expect(worse + better).toBeLessThan(plan === plans.full ? 0.001 : 0.005);
  },
);

test.each(Object.values(plans))(
  "$repeats repeats: a tenth is seen on a machine that drifts as much",
  (plan) => {
    expect(verdicts(1.1, plan).worse).toBeGreaterThan(0.7);
    expect(verdicts(1.1, plan).better).toBe(0);
    expect(verdicts(0.9, plan).better).toBeGreaterThan(0.7);
    expect(verdicts(0.9, plan).worse).toBe(0);
  },
);

test("what is quiet changes by three percent or not at all", () => {
  const before = [100, 100.1, 99.9, 100, 100, 100];
  const times = (by: number) => before.map((value) => value * by);
  expect(compare({ before, now: times(1.02) }, plans.quick).verdict).toBe("same");
  expect(compare({ before, now: times(1.04) }, plans.quick)).toMatchObject({
    verdict: "worse",
    before: 100,
    now: 104,
    change: expect.closeTo(0.04),
    noise: expect.closeTo(0.03),
  });
  expect(compare({ before, now: times(0.96) }, plans.quick).verdict).toBe("better");
});

test("one repeat that went astray makes no change, and says that it was noisy", () => {
  const before = [100, 101, 99, 100, 100, 100];
  const found = compare({ before, now: [100, 100, 100, 99, 160, 101] }, plans.quick);
  expect(found.verdict).toBe("same");
  expect(found.noise).toBeGreaterThan(0.4);
});
