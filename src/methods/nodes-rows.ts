import type { NodeRecord } from "../nodes/records.ts";
import type { NodeSession } from "../nodes/sessions.ts";
import type { Device } from "../pairing/records.ts";
import type { Actor } from "../protocol/access.ts";
import type { Sendable, ValueOf } from "../protocol/typed-schema.ts";
import { approvalScopes, mayKnowCode } from "../requests/authority.ts";
import type { NodeRequest, NodeText } from "../requests/records.ts";
import type { nodeRow as nodeRowSchema } from "./results/nodes.ts";
import type { Services } from "./services.ts";

type ListedNode = Sendable<ValueOf<typeof nodeRowSchema>>;

type View = Pick<Services, "nodes" | "pairing">;

/** Connections that stand by in one row. */
const MOST_STANDBYS = 8;

/**
 * A node's request for its declared capabilities as clients get it (docs/methods.md#nodepairlist), with
 * what was approved for that node before.
 */
export function capabilityRequestRow(request: NodeRequest, { nodes, pairing }: View) {
  const { kind: _kind, nonce: _nonce, pairing: _pairing, ...row } = request;
  const approved = nodes.record(request.nodeId)?.surface;
  const label = pairing.device(request.nodeId)?.label;
  return {
    ...row,
    ...(label !== undefined && { operatorLabel: label }),
    ...(approved && {
      approvedCaps: approved.caps,
      approvedCommands: approved.commands,
      approvedPermissions: approved.permissions,
    }),
    requiredApproveScopes: approvalScopes(request.commands),
    silent: false as const,
  };
}

/** What was approved for a node as clients get it. */
export function approvedRow(record: NodeRecord, device: Device | undefined) {
  const { pairing: _pairing, surface, hostStats: _stats, ...row } = record;
  return { ...row, ...displayName(device, record), ...surface };
}

function displayName(
  device: Device | undefined,
  ...named: ({ displayName?: string } | undefined)[]
) {
  const own = [...named, device].find((one) => one?.displayName !== undefined)?.displayName;
  const name = device?.label ?? own;
  return name === undefined ? {} : { displayName: name };
}

/** A node as `node.list` and `node.describe` show it to `actor`. */
export function nodeRow(
  nodeId: string,
  { actor, services }: { readonly actor: Actor; readonly services: View },
): ListedNode {
  const { nodes, pairing } = services;
  const device = pairing.device(nodeId);
  const record = nodes.record(nodeId);
  const request = nodes.request(nodeId);
  const live = nodes.sessions.current(nodeId);
  const text: Partial<NodeText> = live?.facts.text ?? record ?? request ?? device ?? {};
  const surface = live ? nodes.effective(live) : record?.surface;
  const hostStats = live?.hostStats ?? record?.hostStats;
  return {
    nodeId,
    ...shownText(text),
    ...displayName(device, live?.facts.text, record, request),
    caps: surface?.caps ?? [],
    commands: surface?.commands ?? [],
    permissions: surface?.permissions ?? {},
    ...(hostStats && { hostStats }),
    ...liveFacts(live, surface?.commands ?? []),
    ...connectionFacts(nodeId, nodes),
    approvalState: approvalState(record, request),
    ...(request && mayKnowCode(actor, nodeId) && { pendingRequestId: request.requestId }),
    ...(request && {
      pendingDeclaredCaps: request.caps,
      pendingDeclaredCommands: request.commands,
      pendingDeclaredPermissions: request.permissions,
    }),
    ...times(record, device),
    paired: pairing.nodePairing(nodeId) !== undefined,
    connected: live !== undefined,
  };
}

function shownText(text: Partial<NodeText>) {
  const { platform, version, deviceFamily, modelIdentifier, remoteIp } = text;
  const { clientId, clientMode, program } = text;
  return {
    clientId,
    clientMode,
    program,
    platform,
    version,
    deviceFamily,
    modelIdentifier,
    remoteIp,
  };
}

function approvalState(record: NodeRecord | undefined, request: NodeRequest | undefined) {
  if (request) return record?.surface ? "pending-reapproval" : "pending-approval";
  return record?.surface ? "approved" : "unapproved";
}

/** What lasts as long as the connection does. Tools are for commands that the node may run. */
function liveFacts(live: NodeSession | undefined, commands: readonly string[]) {
  if (!live) return {};
  const tools = live.tools.filter((tool) => {
    const { command } = tool as { command?: string };
    return command === undefined || commands.includes(command);
  });
  const { pathEnv } = live.facts;
  return {
    connectedAtMs: live.connectedAtMs,
    ...(pathEnv !== undefined && { pathEnv }),
    ...(tools.length > 0 && { nodePluginTools: tools }),
    ...live.activity,
  };
}

/**
 * The connections of a node that stand by, newest first, and who uses its key where that is more than one
 * program. Nothing where one connection is all there is.
 */
export function connectionFacts(nodeId: string, nodes: Services["nodes"]) {
  const standbys = nodes.sessions.standbys(nodeId);
  if (standbys.length === 0) return {};
  const use = nodes.keys.use(nodeId);
  const rows = standbys.slice(-MOST_STANDBYS).reverse().map(standbyRow);
  return {
    connections: standbys.length + 1,
    standbys: rows,
    ...(use !== undefined && { keyUsedBy: use }),
  };
}

function standbyRow({ connectedAtMs, facts: { text, place } }: NodeSession) {
  const { displayName, remoteIp, version } = text;
  const { instanceId } = place;
  return { connectedAtMs, displayName, remoteIp, version, instanceId };
}

function times(record: NodeRecord | undefined, device: Device | undefined) {
  const { lastConnectedAtMs, lastDisconnectedAtMs, approvedAtMs } = record ?? {};
  const seen = [record, device].filter((one) => one?.lastSeenAtMs !== undefined);
  const last = seen.sort((a, b) => (b?.lastSeenAtMs ?? 0) - (a?.lastSeenAtMs ?? 0))[0];
  return {
    lastConnectedAtMs,
    lastDisconnectedAtMs,
    lastSeenAtMs: last?.lastSeenAtMs,
    lastSeenReason: last?.lastSeenReason,
    approvedAtMs: approvedAtMs ?? device?.approvedAtMs,
  };
}

/** What a device's row says of it as a node: what was approved, and what waits. */
export function capabilityFactsOfNode(nodeId: string, view: View) {
  const { nodes } = view;
  const record = nodes.record(nodeId);
  const request = nodes.request(nodeId);
  const { approvedAtMs, approvedVia } = record ?? {};
  return {
    ...connectionFacts(nodeId, nodes),
    ...(record?.surface && { nodeSurface: { ...record.surface, approvedAtMs, approvedVia } }),
    ...(request && { pendingNodeSurface: capabilityRequestRow(request, view) }),
  };
}
