import { commandRows } from "./commands.mjs";
import { clearRows, deviceRows } from "./devices.mjs";
import { gatewayRows } from "./gateway.mjs";
import { nodeGoneRows, nodeHostRows } from "./node-host.mjs";
import { npmClientRows } from "./npm-client.mjs";
import { remoteRows } from "./remote.mjs";
import { webAppRows } from "./web-app.mjs";

/** @typedef {import("./row.mjs").Row} Row */

/** Every row in the order it is run: later ones build on what earlier ones left. @type {Row[]} */
export const rows = [
  ...gatewayRows,
  ...commandRows,
  ...deviceRows,
  ...nodeHostRows,
  ...webAppRows,
  ...nodeGoneRows,
  ...npmClientRows,
  ...remoteRows,
  ...clearRows,
];
