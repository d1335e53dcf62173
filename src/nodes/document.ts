import type { PartShape } from "../store/parts.ts";
import { applyChange, nodesEvents } from "./changes.ts";
import {
  type CapabilityRequest,
  emptyNodes,
  type NodeRecord,
  type NodesChange,
  type NodesEvent,
  type NodesState,
  type NodeWork,
  type Replacement,
} from "./records.ts";

/** One line of the snapshot file. */
type NodesLine =
  | { node: NodeRecord }
  | { request: CapabilityRequest }
  | { replaced: string; replacement: Replacement }
  | { nodeId: string; work: NodeWork };

/** What is known of nodes, as a part of the state. */
export const nodesPart: PartShape<NodesState, NodesChange, NodesEvent> = {
  empty: emptyNodes,
  apply: applyChange,
  follows: nodesEvents,
  copy: (state) => ({
    nodes: new Map(state.nodes),
    requests: new Map(state.requests),
    requestOf: new Map(state.requestOf),
    replaced: new Map(state.replaced),
    work: new Map(state.work),
  }),
  records: (state) =>
    lines({
      nodes: [...state.nodes.values()],
      requests: [...state.requests.values()],
      replaced: [...state.replaced],
      work: [...state.work],
    }),
  restore: (records) => {
    const state = emptyNodes();
    for (const line of records as Iterable<NodesLine>) {
      if ("node" in line) applyChange(state, { op: "node", node: line.node });
      else if ("request" in line) applyChange(state, { op: "request", request: line.request });
      else if ("work" in line) state.work.set(line.nodeId, line.work);
      else state.replaced.set(line.replaced, line.replacement);
    }
    return state;
  },
};

/** What was copied, as the lines of the file. */
function* lines(copied: {
  nodes: readonly NodeRecord[];
  requests: readonly CapabilityRequest[];
  replaced: readonly (readonly [string, Replacement])[];
  work: readonly (readonly [string, NodeWork])[];
}): Generator<NodesLine> {
  for (const node of copied.nodes) yield { node };
  for (const request of copied.requests) yield { request };
  for (const [replaced, replacement] of copied.replaced) yield { replaced, replacement };
  for (const [nodeId, work] of copied.work) yield { nodeId, work };
}
