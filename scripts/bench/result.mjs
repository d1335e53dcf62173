// What one row found, and whether its control failed as it must.
import { medianDifference, spread } from "./stats.mjs";

/**
 * @typedef {{ id: string, title: string, unit: string, budget?: number }} Row
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
 * @property {{ limit: number, kept: boolean, missedBy: number } | null} budget
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
 * @param {Row} row
 * @param {{ floor: number[], ours: number[], control: number[], added: number, operations: number }} measured
 * @returns {Result}
 */
export function result(row, measured) {
  const floor = spread(measured.floor);
  const ours = spread(measured.ours);
  const expected = measured.added;
  const added = addedBy(measured.ours, measured.control, row.unit);
  const noticed = added >= expected * NOTICED_FROM && added <= expected * NOTICED_TO;
  const { id, title, unit, budget } = row;
  const n = measured.operations;
  return {
    ...{ id, title, unit, n, floor, ours },
    ratio: ours.median / floor.median,
    control: { expected, added, noticed },
    budget: budget === undefined ? null : judge(budget, ours.median),
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

function judge(/** @type {number} */ limit, /** @type {number} */ value) {
  return { limit, kept: value <= limit, missedBy: Math.max(0, value - limit) };
}
