// What one row found, and whether its control failed as it must.
import { budgetOf } from "./budgets.mjs";
import { medianDifference, spread } from "./stats.mjs";

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} title
 * @property {string} unit
 *
 * @typedef {object} Result
 * @property {string} id
 * @property {string} title
 * @property {string} unit
 * @property {number} n                        operations measured on the gateway
 * @property {import("./stats.mjs").Spread} floor
 * @property {import("./stats.mjs").Spread} ours
 * @property {number} ratio                    ours to floor, medians of this run
 * @property {Control} control
 * @property {Judged | null} budget
 *
 * @typedef {object} Control
 * @property {number} expected
 * @property {number} added
 * @property {boolean} noticed
 * @property {import("./stats.mjs").Spread} cost
 *
 * @typedef {object} Judged
 * @property {number} value
 * @property {"×" | "ms"} unit   floors, for nearly all
 * @property {number} limit
 * @property {"kept" | "missed"} verdict
 * @property {number} missedBy
 *
 * @typedef {"full" | "quick" | "once"} Effort  how many rounds a row takes; `once` where the whole
 *                                             group is measured again and again
 *
 * @typedef {(
 *   bench: import("./bench.mjs").Bench,
 *   rows: readonly Row[],
 *   effort: Effort,
 * ) => Promise<Result[]>} Measure
 *
 * @typedef {{ rows: readonly Row[], measure: Measure }} Group
 */

/** A control counts as noticed when the row saw between 0.4 and 2.5 times what was added. */
const NOTICED_FROM = 0.4;
const NOTICED_TO = 2.5;

/**
 * @typedef {object} Measured
 * @property {number[]} floor
 * @property {number[]} ours
 * @property {number[]} control
 * @property {number} added       what the control adds
 * @property {number} operations
 */

/**
 * @param {Row} row
 * @param {Measured} measured
 * @returns {Result}
 */
export function result(row, measured) {
  const floor = spread(measured.floor);
  const ours = spread(measured.ours);
  const expected = measured.added;
  const added = addedBy(measured.ours, measured.control, row.unit);
  const noticed = added >= expected * NOTICED_FROM && added <= expected * NOTICED_TO;
  const ratio = ours.median / floor.median;
  return {
    ...{ id: row.id, title: row.title, unit: row.unit, n: measured.operations, floor, ours, ratio },
    control: { expected, added, noticed, cost: spread(measured.control) },
    budget: judge(row.id, { ratio, median: ours.median }),
  };
}

/**
 * What the control cost more. Wall time of whole processes only ever gets longer by what else the
 * machine does, so there the quickest of each are compared.
 * @param {number[]} ours @param {number[]} control @param {string} unit
 */
function addedBy(ours, control, unit) {
  if (unit === "ms") return Math.min(...control) - Math.min(...ours);
  return medianDifference(ours, control);
}

/** @param {string} id @param {{ ratio: number, median: number }} found @returns {Judged | null} */
function judge(id, { ratio, median }) {
  const budget = budgetOf(id);
  if (!budget) return null;
  const [value, unit, limit] =
    "ms" in budget
      ? /** @type {const} */ ([median, "ms", budget.ms])
      : /** @type {const} */ ([ratio, "×", budget.times]);
  const missedBy = Math.max(0, value - limit);
  return { value, unit, limit, verdict: missedBy > 0 ? "missed" : "kept", missedBy };
}
