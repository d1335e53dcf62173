import { limitTable } from "../limits/table.ts";
import type { ApprovalKind } from "../protocol/approve-line.ts";
import type { PartShape } from "../store/parts.ts";
import {
  type ApprovalRequest,
  askerKey,
  askerOf,
  type ReplacedCode,
  type RequestsChange,
  type RequestsState,
  type Resolution,
} from "./records.ts";

/** One line of the snapshot. */
export type RequestsRecord =
  | { readonly request: ApprovalRequest }
  | { readonly replaced: string; readonly replacement: ReplacedCode };

/** What follows from a change, once it is durable. */
export type RequestEvent =
  | { readonly name: "requested"; readonly request: ApprovalRequest }
  | { readonly name: "resolved"; readonly request: ApprovalRequest; readonly why: Resolution };

/** Applies one change. Deterministic, so a journal replays to the same state. */
export function applyChange(state: RequestsState, change: RequestsChange): void {
  switch (change.op) {
    case "request":
      setRequest(state, change.request);
      return;
    case "request-gone":
      endRequest(state, change);
      return;
    case "clock-set":
      for (const request of state.requests.values()) setRequest(state, movedBy(request, change.by));
  }
}

/** A request whose times are `by` milliseconds later; one that does not end by itself stays as it is. */
export function movedBy(request: ApprovalRequest, by: number): ApprovalRequest {
  if (request.kind === "node") return request;
  return { ...request, ts: request.ts + by, expiresAtMs: request.expiresAtMs + by };
}

function setRequest(state: RequestsState, request: ApprovalRequest): void {
  state.requests.set(request.requestId, request);
  state.byAsker.set(askerKey(request.kind, askerOf(request)), request.requestId);
}

function endRequest(
  state: RequestsState,
  { requestId, replacement }: Extract<RequestsChange, { op: "request-gone" }>,
): void {
  const request = state.requests.get(requestId);
  if (!request) return;
  const key = askerKey(request.kind, askerOf(request));
  if (state.byAsker.get(key) === requestId) state.byAsker.delete(key);
  state.requests.delete(requestId);
  if (!replacement) return;
  state.replaced.set(requestId, { kind: request.kind, ...replacement });
  forgetReplaced(state.replaced, request.kind);
}

/** Drops the oldest of a kind past the limit: nodes that ask for ever more keep no device's code out. */
function forgetReplaced(replaced: Map<string, ReplacedCode>, kind: ApprovalKind): void {
  const codes = [...replaced].flatMap(([code, one]) => (one.kind === kind ? [code] : []));
  const [oldest] = codes;
  if (codes.length > limitTable.replacedRequestsKept.value && oldest !== undefined) {
    replaced.delete(oldest);
  }
}

/** What `change` tells, with the state before it: a request that was there already is no news. */
function follows(state: RequestsState, change: RequestsChange): readonly RequestEvent[] {
  if (change.op === "request") {
    const { request } = change;
    return state.requests.has(request.requestId) ? [] : [{ name: "requested", request }];
  }
  if (change.op === "clock-set") return [];
  const request = state.requests.get(change.requestId);
  return request ? [{ name: "resolved", request, why: change.why }] : [];
}

export function emptyRequests(): RequestsState {
  return { requests: new Map(), byAsker: new Map(), replaced: new Map() };
}

/** The book of requests as a part of the stored state. */
export const requestsPart: Required<PartShape<RequestsState, RequestsChange, RequestEvent>> = {
  empty: emptyRequests,
  apply: applyChange,
  follows,
  copy: (state) => ({
    requests: new Map(state.requests),
    byAsker: new Map(state.byAsker),
    replaced: new Map(state.replaced),
  }),
  records: (state) => recordsOf([...state.requests.values()], [...state.replaced]),
  restore: (records) => {
    const state = emptyRequests();
    for (const record of records as Iterable<RequestsRecord>) {
      if ("request" in record) setRequest(state, record.request);
      else state.replaced.set(record.replaced, record.replacement);
    }
    return state;
  },
};

/** What was copied, as records. */
function* recordsOf(
  requests: readonly ApprovalRequest[],
  replaced: readonly (readonly [string, ReplacedCode])[],
): Generator<RequestsRecord> {
  for (const request of requests) yield { request };
  for (const [code, replacement] of replaced) yield { replaced: code, replacement };
}
