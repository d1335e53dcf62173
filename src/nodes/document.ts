import type { PartShape } from "../store/parts.ts";
import { applyChange } from "./changes.ts";
import {
  emptyNodes,
  type NodeRecord,
  type NodesChange,
  type NodesState,
  type NodeWork,
} from "./records.ts";

/** One line of the snapshot file. */
type NodesLine = { node: NodeRecord } | { nodeId: string; work: NodeWork };

/** What is known of nodes, as a part of the state. */
export const nodesPart: PartShape<NodesState, NodesChange> = {
  empty: emptyNodes,
  apply: applyChange,
  copy: ({ nodes, work }) => ({ nodes: new Map(nodes), work: new Map(work) }),
  records: ({ nodes, work }) => lines([...nodes.values()], [...work]),
  restore: (records) => {
    const state = emptyNodes();
    for (const line of records as Iterable<NodesLine>) {
      if ("node" in line) applyChange(state, { op: "node", node: line.node });
      else state.work.set(line.nodeId, line.work);
    }
    return state;
  },
};

/** What was copied, as the lines of the file. */
function* lines(
  nodes: readonly NodeRecord[],
  works: readonly (readonly [nodeId: string, work: NodeWork])[],
): Generator<NodesLine> {
  for (const node of nodes) yield { node };
  for (const [nodeId, work] of works) yield { nodeId, work };
}
