import { limitTable } from "../limits/table.ts";
import type { NodesChange, NodesEvent, NodesState, NodeWork } from "./records.ts";

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
    case "request":
      state.requests.set(change.request.requestId, change.request);
      state.requestOf.set(change.request.nodeId, change.request.requestId);
      return;
    case "request-gone":
      applyRequestGone(state, change);
      return;
    default:
      applyWork(state, change);
  }
}

/** What follows from `change`, which is about to be applied to `state`. Pure. */
export function nodesEvents(state: NodesState, change: NodesChange): readonly NodesEvent[] {
  if (change.op === "request") {
    const { request } = change;
    return state.requests.has(request.requestId) ? [] : [{ name: "requested", request }];
  }
  if (change.op !== "request-gone") return [];
  const request = state.requests.get(change.requestId);
  return request ? [{ name: "resolved", request, why: change.why }] : [];
}

/**
 * What ends with the pairing of a device as a node, which is now named `pairing` (`undefined`: it is none).
 * Pure.
 */
export function endedWithPairing(
  state: NodesState,
  { nodeId, pairing }: { readonly nodeId: string; readonly pairing: string | undefined },
): NodesChange[] {
  const changes: NodesChange[] = [];
  const request = state.requests.get(state.requestOf.get(nodeId) ?? "");
  if (request && request.pairing !== pairing) {
    changes.push({ op: "request-gone", requestId: request.requestId, why: "rejected" });
  }
  const record = state.nodes.get(nodeId);
  if (record && record.pairing !== pairing) changes.push({ op: "node-gone", nodeId });
  return changes;
}

function applyRequestGone(
  state: NodesState,
  change: Extract<NodesChange, { op: "request-gone" }>,
): void {
  const { requestId, replacement } = change;
  const request = state.requests.get(requestId);
  if (request && state.requestOf.get(request.nodeId) === requestId) {
    state.requestOf.delete(request.nodeId);
  }
  state.requests.delete(requestId);
  if (!replacement) return;
  state.replaced.set(requestId, replacement);
  const [oldest] = state.replaced.keys();
  if (state.replaced.size > limitTable.replacedRequestsKept.value && oldest !== undefined)
    state.replaced.delete(oldest);
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
