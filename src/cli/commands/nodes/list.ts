import { openclaw } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { styleOf } from "../../kit/style.ts";
import { approveCommand, count } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import { listNeeds, liveNeeds } from "../../reach/needs.ts";
import type { PendingRow } from "../devices/rows.ts";
import { pendingTable } from "../devices/tables.ts";
import {
  approveNodeCommand,
  type CapabilityRow,
  capabilityRows,
  joining,
  nodeRows,
} from "./rows.ts";
import { keyUseLines } from "./several.ts";
import { capabilityTable, nodeTable, statusTable } from "./tables.ts";

/** `openclaw nodes list` */
export const list: Run<unknown> = async (context) => {
  await withGateway(context, listNeeds, async (gateway) => {
    const answer = await gateway.request("node.list");
    const pending = await capabilityRows(gateway);
    if (context.options.json) return printJson(context, { ...answer, pending: pending.map(plain) });
    const { io } = context;
    const waits = printPending(context, pending, await joining(gateway));
    const rows = nodeRows(answer);
    if (rows.length > 0) {
      if (waits) io.out("");
      io.out(styleOf(io).heading(`Nodes (${rows.length}${answer.truncated ? " of more" : ""})`));
      io.out(nodeTable(rows, { now: io.now(), columns: io.columns }).join("\n"));
      for (const line of keyUseLines(rows)) io.out(line);
    } else if (!waits) {
      io.out("There is no node.");
      io.out(say`  next: ${openclaw`devices invite --role node`}`);
    }
  });
};

/** `openclaw nodes pending` */
export const pending: Run<unknown> = async (context) => {
  await withGateway(context, listNeeds, async (gateway) => {
    const rows = await capabilityRows(gateway);
    if (context.options.json) return printJson(context, { pending: rows.map(plain) });
    const waits = printPending(context, rows, await joining(gateway));
    if (!waits) context.io.out("No node waits for approval.");
  });
};

function plain({ deviceId: _id, ...row }: CapabilityRow): object {
  return row;
}

export interface StatusOptions {
  readonly connected?: boolean;
}

/** `openclaw nodes status`: how the machines are. */
export const status: Run<StatusOptions> = async (context, _args, { connected }) => {
  await withGateway(context, liveNeeds, async (gateway) => {
    const answer = await gateway.request("node.list");
    if (context.options.json) return printJson(context, answer);
    const all = nodeRows(answer);
    const rows = connected ? all.filter((row) => row.connected) : all;
    const { io } = context;
    const online = all.filter((row) => row.connected).length;
    io.out(`${count(all.length, "node")}, ${online} connected`);
    if (rows.length === 0) return;
    io.out(statusTable(rows, { now: io.now(), columns: io.columns }).join("\n"));
    for (const line of keyUseLines(rows)) io.out(line);
  });
};

/** Both steps of a node: to be paired as a device, and to have its commands approved. */
function printPending(
  { io }: Context,
  requests: readonly CapabilityRow[],
  devices: readonly PendingRow[],
): boolean {
  const view = { now: io.now(), columns: io.columns };
  const { heading } = styleOf(io);
  if (devices.length > 0) {
    io.out(heading(`Ask to become nodes (${devices.length})`));
    io.out(pendingTable(devices, view).join("\n"));
    io.out("");
    io.out(say`To approve one: ${approveCommand(devices)}`);
  }
  if (requests.length === 0) return devices.length > 0;
  if (devices.length > 0) io.out("");
  io.out(heading(`Commands that wait for approval (${requests.length})`));
  io.out(capabilityTable(requests, view).join("\n"));
  io.out("");
  io.out(say`To approve: ${approveNodeCommand(requests)}`);
  return true;
}
