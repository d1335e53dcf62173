import { cleanText } from "../lib/text.ts";
import { limitTable } from "../limits/table.ts";
import { PAIRING, READ } from "../protocol/access.ts";
import { openclaw } from "../protocol/command.ts";
import { denied, invalidRequest } from "../protocol/errors.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { mayManage } from "../requests/authority.ts";
import { type Call, method } from "./method.ts";
import { approvedRow, capabilityRequestRow, nodeRow } from "./nodes-rows.ts";
import * as results from "./results/nodes.ts";
import type { Services } from "./services.ts";

const most = limitTable.nodeListRows.value;

/** The nodes there are: connected ones first, then those that wait, then all others. */
function nodeIds({ nodes, requests, pairing }: Services): { ids: string[]; truncated: boolean } {
  const ids = new Set<string>();
  const sources = [live(nodes, pairing), waiting(requests), pairing.nodeIds];
  for (const source of sources) {
    for (const id of source) {
      if (ids.size >= most && !ids.has(id)) return { ids: [...ids], truncated: true };
      ids.add(id);
    }
  }
  return { ids: [...ids], truncated: false };
}

/** The connected ones; the connection of one that was removed a moment ago is about to close. */
function* live(
  nodes: Services["nodes"],
  { nodeIds: paired }: Services["pairing"],
): Generator<string> {
  for (const { nodeId } of nodes.sessions.all) if (paired.has(nodeId)) yield nodeId;
}

function* waiting(requests: Services["requests"]): Generator<string> {
  for (const { nodeId } of requests.all("node")) yield nodeId;
}

type Row = ReturnType<typeof nodeRow>;

function byName(a: Row, b: Row): number {
  if (a.connected !== b.connected) return a.connected ? -1 : 1;
  const name = (row: Row) => String(row.displayName ?? row.nodeId);
  return name(a).localeCompare(name(b));
}

export const list = method({
  name: "node.list",
  summary:
    "The nodes there are: who is connected, what each may do, what waits for approval. `pendingRequestId`, the code of what waits, comes with `operator.pairing` alone.",
  access: { roles: ["operator"], scope: READ },
  params: wireSchemas.nodeList,
  result: results.nodeList,
  run: (_params, call) => {
    const { services } = call;
    const { ids, truncated } = nodeIds(services);
    const nodes = ids.map((id) => nodeRow(id, call)).sort(byName);
    return { ts: services.world.now(), nodes, ...(truncated && { truncated: true as const }) };
  },
});

export const describe = method({
  name: "node.describe",
  summary: "One node, as `node.list` shows it.",
  access: { roles: ["operator"], scope: READ },
  params: wireSchemas.nodeDescribe,
  result: results.nodeDescribed,
  run: ({ nodeId }, call) => {
    const { services } = call;
    if (!services.pairing.nodeIds.has(nodeId)) throw unknownNode();
    return { ts: services.world.now(), ...nodeRow(nodeId, call) };
  },
});

export function unknownNode() {
  return invalidRequest("unknown nodeId", { code: "UNKNOWN_NODE", next: openclaw`nodes list` });
}

export const rename = method({
  name: "node.rename",
  summary: "Gives a node the owner's own name for it, which its device then has too.",
  access: { roles: ["operator"], scope: PAIRING },
  params: wireSchemas.nodeRename,
  result: () => t.object({ nodeId: t.string(), displayName: t.string() }),
  run: async ({ nodeId, displayName }, { actor, services }) => {
    const label = cleanText(displayName);
    if (label === undefined) throw invalidRequest("displayName required");
    if (!mayManage(actor, nodeId)) throw denied("node rename denied");
    if (!services.pairing.nodeIds.has(nodeId)) throw unknownNode();
    await services.pairing.rename({ deviceId: nodeId, label, actor });
    return { nodeId, displayName: label };
  },
});

export const pairList = method({
  name: "node.pair.list",
  summary: "What nodes offer that waits for approval, newest first, and what was approved.",
  access: { roles: ["operator"], scope: PAIRING },
  params: wireSchemas.nodePairList,
  result: results.nodePairList,
  run: (_params, call) => pairLists(call),
});

type PairedNode = ReturnType<typeof approvedRow> & { readonly connected: boolean };

function pairLists({ actor, services }: Call) {
  const { nodes, requests, pairing } = services;
  const pending = requests
    .all("node")
    .filter(({ nodeId }) => mayManage(actor, nodeId))
    .reverse()
    .map((request) => capabilityRequestRow(request, services));
  const paired: PairedNode[] = [];
  for (const nodeId of pairing.nodeIds) {
    if (paired.length >= most) return { pending, paired, truncated: true as const };
    const record = nodes.record(nodeId);
    if (!record?.surface || !mayManage(actor, nodeId)) continue;
    const connected = nodes.sessions.current(nodeId) !== undefined;
    paired.push({ ...approvedRow(record, pairing.device(nodeId)), connected });
  }
  return { pending, paired };
}

export const nodeListMethods = [list, describe, rename, pairList];
