import { CODE, type Command, openclaw } from "../../../protocol/command.ts";
import type { DeviceWords } from "../../../words/device.ts";
import { spanWords } from "../../kit/age.ts";
import { count, shown } from "../../kit/words.ts";
import type { ReachedGateway, Result } from "../../reach/gateway.ts";
import type { PendingRow } from "../devices/rows.ts";

/** The result of `node.list`. */
export type NodeList = Result<"node.list">;

/** A node as `node.list` gives it. */
export type NodeRow = NodeList["nodes"][number] & DeviceWords;

/** What a node says of its machine, in bytes and as the system's load averages. */
export type HostFigures = NodeRow["hostStats"];

/** What a node offers that waits for approval, as `node.pair.list` gives it. */
export type CapabilityRow = Result<"node.pair.list">["pending"][number] & DeviceWords;

/** Nodes are devices; both kinds of rows are matched and named by the device's id. */
function asDevice<Row extends { readonly nodeId: string }>(row: Row): Row & DeviceWords {
  return { ...row, deviceId: row.nodeId };
}

/** Whether something of what it offers waits for approval. */
export function isWaiting({ approvalState }: Pick<NodeRow, "approvalState">): boolean {
  return approvalState === "pending-approval" || approvalState === "pending-reapproval";
}

export function nodeRows({ nodes }: NodeList): NodeRow[] {
  return nodes.map(asDevice);
}

/** Requests of nodes that wait for approval. */
export async function capabilityRows(gateway: ReachedGateway): Promise<readonly CapabilityRow[]> {
  const { pending } = await gateway.request("node.pair.list");
  return pending.map(asDevice);
}

/** Devices that ask to become nodes: the step before. */
export async function joining(gateway: ReachedGateway): Promise<readonly PendingRow[]> {
  const { pending } = await gateway.request("device.pair.list", { limit: 1 });
  return pending.filter(({ role, roles = [role] }) => roles.includes("node"));
}

/**
 * The command that approves what waits. With several requests it says CODE, so that a person
 * chooses one.
 */
export function approveNodeCommand(requests: readonly CapabilityRow[]): Command {
  const [first] = requests;
  const only = requests.length === 1 && first !== undefined;
  return openclaw`nodes approve ${only ? shown(first.requestId) : CODE}`;
}

/** Commands in a few words, none hidden: `system.notify, system.which`. */
export function commandWords(commands: readonly string[] | undefined): string {
  if (!commands || commands.length === 0) return "nothing yet";
  return commands.map((command) => shown(command)).join(", ");
}

/** `load 0.4 of 2`, `memory 1.2 of 4 GB`, `disk 10 of 40 GB`; what is unknown is left out. */
export function statWords(stats: HostFigures, now: number): string[] {
  if (!stats) return ["no figures yet"];
  const { cpuCount = 0, loadAverage: [load] = [] } = stats;
  const age = now - (stats.updatedAtMs ?? now);
  const cores = count(cpuCount, "core");
  return [
    load === undefined ? cores : `load ${load.toFixed(1)} on ${cores}`,
    ...usage("memory", stats.memoryTotalBytes, stats.memoryFreeBytes),
    ...usage("disk", stats.diskTotalBytes, stats.diskAvailableBytes),
    ...(age > 3 * 60_000 ? [`(${spanWords(age)} old)`] : []),
  ];
}

const GB = 1024 ** 3;

function usage(name: string, total = 0, free = 0): string[] {
  if (total <= 0) return [];
  return [`${name} ${((total - free) / GB).toFixed(1)} of ${(total / GB).toFixed(1)} GB used`];
}
