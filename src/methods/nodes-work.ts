import { NODES } from "../protocol/access.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { method } from "./method.ts";
import { approvalStep, approvedSession, pairingChanged } from "./nodes-common.ts";
import * as results from "./results/nodes.ts";

const WHAT = "pending work";
const node = { roles: ["node"] } as const;

export const enqueue = method({
  name: "node.pending.enqueue",
  summary:
    "Leaves work for a node, which fetches it when it comes; of each type one waits at a time.",
  access: { roles: ["operator"], scope: NODES },
  params: wireSchemas.nodePendingEnqueue,
  result: results.workQueued,
  run: async (params, call) => {
    const { nodes } = call.services;
    const nodeId = params.nodeId.trim();
    if (!nodes.record(nodeId)?.surface) throw pairingChanged(WHAT, approvalStep(call, nodeId));
    const { revision, queued } = await nodes.work.enqueue({ ...params, nodeId });
    return { nodeId, revision, queued, wakeTriggered: false as const };
  },
});

export const drain = method({
  name: "node.pending.drain",
  summary: "Gives a node the work left for it, most urgent first.",
  access: node,
  params: wireSchemas.nodePendingDrain,
  result: results.workDrained,
  run: ({ maxItems }, call) => {
    const { nodeId } = approvedSession(call, WHAT);
    return { nodeId, ...call.services.nodes.work.drain(nodeId, maxItems) };
  },
});

export const pull = method({
  name: "node.pending.pull",
  summary: "Commands a node could not run in the background; they stay until acknowledged.",
  access: node,
  params: wireSchemas.nodeList,
  result: results.actionsPulled,
  run: (_params, call) => {
    const session = approvedSession(call, WHAT);
    const { nodes } = call.services;
    const { commands } = nodes.effective(session);
    const { nodeId } = session;
    const actions = nodes.work.actions(nodeId).filter((one) => commands.includes(one.command));
    return { nodeId, actions };
  },
});

export const acknowledge = method({
  name: "node.pending.ack",
  summary: "Ends commands that a node has pulled.",
  access: node,
  params: wireSchemas.nodePendingAck,
  result: () =>
    t.object({
      nodeId: t.string(),
      ackedIds: t.array(t.string()),
      remainingCount: t.integer(),
    }),
  run: async ({ ids }, call) => {
    const { nodeId } = approvedSession(call, WHAT);
    const ackedIds = [...new Set(ids.map((id) => id.trim()))];
    const remainingCount = await call.services.nodes.work.acknowledge(nodeId, ackedIds);
    return { nodeId, ackedIds, remainingCount };
  },
});

export const nodeWorkMethods = [enqueue, drain, pull, acknowledge];
