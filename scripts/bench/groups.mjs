// Every group of rows, by the name it is asked for.
import { cpuGroups } from "./cpu-rows.mjs";
import { crowdGroups } from "./crowd/groups.mjs";
import { invokeGroups } from "./invoke-rows.mjs";
import { memoryGroups } from "./memory-row.mjs";
import { startGroups } from "./start-rows.mjs";
import { stateGroups } from "./state/groups.mjs";

export const named = {
  cpu: cpuGroups,
  invoke: invokeGroups,
  memory: memoryGroups,
  start: startGroups,
  state: stateGroups,
  crowd: crowdGroups,
};

export const groups = Object.values(named).flat();

/** @param {readonly import("./result.mjs").Group[]} some */
export const idsOf = (some) => some.flatMap(({ rows }) => rows.map(({ id }) => id));
