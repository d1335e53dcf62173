import type { PartShape } from "../store/parts.ts";
import { type AuditHead, type AuditLine, genesis, headOf } from "./chain.ts";
import { applyTrail, emptyTrail, following, type Trail, type TrailChange } from "./trail.ts";

/** The audit as all gateways of one state share it: where its one chain ends. */
export interface AuditState {
  head: AuditHead;
}

/** One more line. */
export type AuditChange = Extract<TrailChange, { op: "audit" }>;

/** A line is durable. */
export interface LineAdded {
  readonly line: AuditLine;
}

export const auditPart: PartShape<AuditState, AuditChange, LineAdded> = {
  empty: () => ({ head: genesis }),
  apply: (state, { line }) => {
    state.head = headOf(following(state.head, line));
  },
  follows: ({ head }, { line }) => [{ line: following(head, line) }],
  records: ({ head }) => [{ head }],
  restore: (records) => {
    const [state = { head: genesis }] = records as Iterable<AuditState>;
    return { ...state };
  },
};

/** What is true on this machine alone: which lines its files have, which settings it saw. */
export interface HostState {
  trail: Trail;
}

export type HostChange = Exclude<TrailChange, { op: "audit" }>;

export const hostPart: PartShape<HostState, HostChange> = {
  empty: () => ({ trail: emptyTrail }),
  apply: (state, change) => {
    state.trail = applyTrail(state.trail, change);
  },
  records: ({ trail }) => [{ trail }],
  restore: (records) => {
    const [state = { trail: emptyTrail }] = records as Iterable<HostState>;
    return { ...state };
  },
};

/** Lays a line that joined the chain ready for this machine's files. */
export function copyToHost(state: HostState, change: AuditChange): void {
  state.trail = applyTrail(state.trail, change);
}
