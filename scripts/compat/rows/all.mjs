import { commandRows } from "./commands.mjs";
import { clearRows, deviceRows } from "./devices.mjs";
import { gatewayRows } from "./gateway.mjs";
import { httpClientRows } from "./http-clients.mjs";
import { nodeGoneRows, nodeHostRows } from "./node-host.mjs";
import { npmClientRows } from "./npm-client.mjs";
import { olderClientRows } from "./older-client.mjs";
import { remoteRows } from "./remote.mjs";
import { setupCodeRows } from "./setup-code.mjs";
import { webAppRows } from "./web-app.mjs";

/** @typedef {import("./row.mjs").Row} Row */

/**
 * Every row in the order it is run. Within a group later rows build on what earlier ones left; groups
 * can be run by themselves.
 * @type {readonly (readonly Row[])[]}
 */
export const groups = [
  gatewayRows,
  commandRows,
  deviceRows,
  [...nodeHostRows, ...webAppRows, ...nodeGoneRows],
  setupCodeRows,
  npmClientRows,
  httpClientRows,
  olderClientRows,
  remoteRows,
  clearRows,
];
