// The group `crowd` of the bench: many connections at once.
import { approvalGroups } from "./approval-rows.mjs";
import { broadcastGroups } from "./broadcast-rows.mjs";
import { idleGroups } from "./idle-rows.mjs";
import { presenceGroups } from "./presence-row.mjs";
import { stormGroups } from "./storm-rows.mjs";

/** @type {readonly import("../result.mjs").Group[]} */
export const crowdGroups = [
  ...stormGroups,
  ...broadcastGroups,
  ...approvalGroups,
  ...presenceGroups,
  ...idleGroups,
];
