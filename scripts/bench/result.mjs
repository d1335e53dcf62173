// What one row found, and whether its control failed as it must.
import { medianDifference, spread } from "./stats.mjs";

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} title
 * @property {string} unit
 * @property {number} [budget]
 * @property {number} [ratioBudget]  a budget in floors of the same run, in place of one in `unit`
 * @property {number} [floorThere]  what the floor cost on the machine the budget was written on; only
 *                                  where cost follows the machine's speed
 *
 * @typedef {object} Result
 * @property {string} id
 * @property {string} title
 * @property {string} unit
 * @property {number} n                        operations measured on the gateway
 * @property {import("./stats.mjs").Spread} floor
 * @property {import("./stats.mjs").Spread} ours
 * @property {number} ratio                    ours to floor, medians of this run
 * @property {{ expected: number, added: number, noticed: boolean }} control
 * @property {Budget | null} budget
 *
 * @typedef {object} Budget
 * @property {number} value
 * @property {string} unit
 * @property {number} limit
 * @property {number} machine    how many times dearer this machine, now, is than the budget's; 1 where unknown
 * @property {"kept" | "kept here" | "missed"} verdict  `kept here`: within `limit` times `machine`
 * @property {number} missedBy   past what is allowed here
 *
 * @typedef {(
 *   bench: import("./gateway.mjs").Bench,
 *   rows: readonly Row[],
 *   options: { quick: boolean },
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
  const { id, title, unit, floorThere } = row;
  const machine = floorThere === undefined ? 1 : floor.median / floorThere;
  const n = measured.operations;
  const ratio = ours.median / floor.median;
  return {
    ...{ id, title, unit, n, floor, ours, ratio },
    control: { expected, added, noticed },
    budget: budgetOf(row, { value: ours.median, ratio, machine }),
  };
}

/** @param {Row} row @param {{ value: number, ratio: number, machine: number }} found */
function budgetOf({ unit, budget, ratioBudget }, { value, ratio, machine }) {
  if (ratioBudget !== undefined) return judge(ratioBudget, { value: ratio, unit: "×", machine: 1 });
  return budget === undefined ? null : judge(budget, { value, unit, machine });
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

/** @param {number} limit @param {{ value: number, unit: string, machine: number }} found @returns {Budget} */
function judge(limit, { value, unit, machine }) {
  // A faster machine does not make a budget stricter.
  const here = limit * Math.max(1, machine);
  const verdict = value <= limit ? "kept" : value <= here ? "kept here" : "missed";
  return { value, unit, limit, machine, verdict, missedBy: Math.max(0, value - here) };
}
