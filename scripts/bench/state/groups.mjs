// The group `state` of the bench: the gateway with 100, 10,000 and 100,000 devices.
import { commitRows, measureCommits } from "./commit-rows.mjs";
import { measureSizes, sizeRows } from "./size-rows.mjs";
import { measureTurns, turnRows } from "./turn-rows.mjs";

/** @type {readonly import("../result.mjs").Group[]} */
export const stateGroups = [
  { rows: commitRows, measure: measureCommits },
  { rows: sizeRows, measure: measureSizes },
  { rows: turnRows, measure: measureTurns },
];
