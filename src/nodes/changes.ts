import type { NodesChange, NodesState, NodeWork } from "./records.ts";

/** Applies one change. Deterministic, so a journal replays to the same state. */
export function applyChange(state: NodesState, change: NodesChange): void {
  switch (change.op) {
    case "node":
      state.nodes.set(change.node.nodeId, change.node);
      return;
    case "node-gone":
      state.nodes.delete(change.nodeId);
      state.work.delete(change.nodeId);
      return;
    case "seen": {
      const node = state.nodes.get(change.nodeId);
      if (node) state.nodes.set(change.nodeId, { ...node, ...change.facts });
      return;
    }
    default:
      applyWork(state, change);
  }
}

/**
 * What ends with the pairing of a device as a node, which is now named `pairing` (`undefined`: it is none),
 * besides its request. Pure.
 */
export function endedWithPairing(
  state: NodesState,
  { nodeId, pairing }: { readonly nodeId: string; readonly pairing: string | undefined },
): NodesChange[] {
  const record = state.nodes.get(nodeId);
  return record && record.pairing !== pairing ? [{ op: "node-gone", nodeId }] : [];
}

type WorkChange = Extract<NodesChange, { op: "work" | "action" | "work-gone" }>;

function applyWork(state: NodesState, change: WorkChange): void {
  const before = state.work.get(change.nodeId) ?? { revision: 0, items: [], actions: [] };
  if (change.op === "work-gone" && !holdsAny(before, change.ids)) return;
  const after = { ...changedWork(before, change), revision: before.revision + 1 };
  const isEmpty = after.items.length === 0 && after.actions.length === 0;
  if (isEmpty) state.work.delete(change.nodeId);
  else state.work.set(change.nodeId, after);
}

function changedWork({ items, actions }: NodeWork, change: WorkChange): Omit<NodeWork, "revision"> {
  if (change.op === "work") return { items: [...items, change.item], actions };
  if (change.op === "action") return { items, actions: [...actions, change.action] };
  const stays = ({ id }: { id: string }) => !change.ids.includes(id);
  return { items: items.filter(stays), actions: actions.filter(stays) };
}

function holdsAny({ items, actions }: NodeWork, ids: readonly string[]): boolean {
  return [...items, ...actions].some(({ id }) => ids.includes(id));
}
