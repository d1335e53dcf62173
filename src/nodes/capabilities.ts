import { capabilitiesOf, nodeText } from "../requests/node-rules.ts";
import type { Capabilities, NodeRequest, NodeText } from "../requests/records.ts";
import type { NodeRecord, NodesChange, NodesState } from "./records.ts";

/** What a node that is here asks for, or what was asked for it. */
export interface Declared {
  readonly nodeId: string;
  /** Names the present pairing of its device as a node. */
  readonly pairing: string;
  readonly declared: Capabilities;
  readonly text: NodeText;
}

/** The record of a node's present pairing: one of an earlier pairing counts for nothing. */
export function recordOf(
  state: NodesState,
  node: { nodeId: string; pairing: string | undefined },
): NodeRecord | undefined {
  const record = state.nodes.get(node.nodeId);
  return record?.pairing === node.pairing ? record : undefined;
}

/** What a request asks for. */
export function declaredIn(request: NodeRequest): Declared {
  const { nodeId, pairing } = request;
  return { nodeId, pairing, declared: capabilitiesOf(request), text: nodeText(request) };
}

/** Approves exactly what `asked` says; what was approved before and is not asked for ends. Pure. */
export function approve(
  state: NodesState,
  asked: Declared,
  facts: { now: number; via: "owner" | "bootstrap" },
): { node: NodeRecord; changes: readonly NodesChange[] } {
  const { nodeId, pairing, declared, text } = asked;
  const before = recordOf(state, asked);
  const node: NodeRecord = {
    ...before,
    ...text,
    nodeId,
    pairing,
    surface: declared,
    createdAtMs: before?.createdAtMs ?? facts.now,
    approvedAtMs: facts.now,
    approvedVia: facts.via,
  };
  return { node, changes: [{ op: "node", node }] };
}
