// Two builds, measured in turn: what changed beyond the noise of their own repeats.
import { median } from "./stats.mjs";

/**
 * A row is measured again and again, both builds beside each other, each time with servers of their
 * own. Each repeat gives one ratio, of which a machine that was slower for both is no part. A row
 * changed where the mean of the ratios is further from 1 than their own scatter explains (Student's t of
 * their logarithms: of rows that did not change, so many in a thousand are called changed), and by LEAST
 * or more, because the order of code in memory alone moves some rows by a percent or two.
 */
export const plans = /** @type {const} */ ({
  full: { effort: "quick", repeats: 8, t: 5.41, chance: "1 in 1,000" },
  quick: { effort: "once", repeats: 6, t: 4.77, chance: "5 in 1,000" },
});
const LEAST = 0.03;

/** The rule in words. @param {Plan} plan */
export function ruleOf({ repeats, chance }) {
  return `changed: the mean of ${repeats} ratios, each of the two builds side by side, is beyond what their own scatter
explains (Student's t: ${chance} of the rows that did not change), and by 3 % or more;
noise: the change that this needed`;
}

/**
 * What one row cost each build, repeat by repeat, in the row's unit.
 * @typedef {{ before: readonly number[], now: readonly number[] }} Repeats
 *
 * @typedef {(typeof plans)[keyof typeof plans]} Plan
 *
 * @typedef {object} Change
 * @property {number} before   median of the repeats
 * @property {number} now
 * @property {number} change   share of `before`: 0.1 is ten percent dearer
 * @property {number} noise    the change from which on it is one, as a share of `before`
 * @property {"worse" | "better" | "same"} verdict
 */

/** All rows are costs: less is better. @param {Repeats} repeats @param {{ t: number }} plan @returns {Change} */
export function compare({ before, now }, { t }) {
  const logs = now.map((value, at) => Math.log(value / (before[at] ?? Number.NaN)));
  const found = mean(logs);
  const deviation = Math.sqrt(sum(logs.map((one) => (one - found) ** 2)) / (logs.length - 1));
  const needed = Math.max(Math.log(1 + LEAST), (t * deviation) / Math.sqrt(logs.length));
  const verdict = found >= needed ? "worse" : found <= -needed ? "better" : "same";
  const [change, noise] = [Math.expm1(found), Math.expm1(needed)];
  return { before: median(before), now: median(now), change, noise, verdict };
}

const sum = (/** @type {readonly number[]} */ values) => values.reduce((all, one) => all + one, 0);
const mean = (/** @type {readonly number[]} */ values) => sum(values) / values.length;

/**
 * What a row says of one build in one repeat. What else a machine does only lengthens wall time, so
 * there the shortest round counts; elsewhere the median.
 * @param {string} unit @param {import("./stats.mjs").Spread} spread
 */
export function costOf(unit, spread) {
  return unit === "ms" ? spread.min : spread.median;
}

/**
 * Measures a group again and again, this build and the one compared with in each other's place every
 * second time, so that neither gains by being first.
 * @param {import("./bench.mjs").Bench} bench
 * @param {{ group: import("./result.mjs").Group, rows: readonly import("./result.mjs").Row[],
 *   plan: Plan }} what
 */
export async function compareGroup(bench, { group, rows, plan }) {
  /** @type {Map<string, { row: import("./result.mjs").Row, before: number[], now: number[], floor: number[] }>} */
  const found = new Map();
  for (let repeat = 0; repeat < plan.repeats; repeat += 1) {
    process.stderr.write(`  repeat ${repeat + 1} of ${plan.repeats} …\n`);
    const swapped = repeat % 2 === 1;
    const results = await group.measure(swapped ? bench.swapped() : bench, rows, plan.effort);
    for (const { id, title, unit, floor, ours, control } of results) {
      const row = rows.find((one) => one.id === id) ?? { id, title, unit };
      const one = found.get(id) ?? { row, before: [], now: [], floor: [] };
      const [now, before] = swapped ? [control.cost, ours] : [ours, control.cost];
      one.before.push(costOf(unit, before));
      one.now.push(costOf(unit, now));
      one.floor.push(costOf(unit, floor));
      found.set(id, one);
    }
  }
  return [...found.values()].map(({ row, floor, ...values }) => ({
    ...{ id: row.id, title: row.title, unit: row.unit, floor: median(floor) },
    repeats: values,
    ...compare(values, plan),
  }));
}

/** @typedef {Awaited<ReturnType<typeof compareGroup>>[number]} Compared */
