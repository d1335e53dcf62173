import type { ApprovalKind } from "../protocol/approve-line.ts";
import { deniedCode, invalidRequest, unknownCode } from "../protocol/errors.ts";
import { wholeCode } from "../words/code.ts";
import { cutAsk, kinds } from "../words/request-kinds.ts";
import { deviceRules } from "./device-rules.ts";
import { nodeRules } from "./node-rules.ts";
import { movedBy } from "./part.ts";
import {
  type ApprovalRequest,
  askerKey,
  type ReplacedCode,
  type RequestOf,
  type RequestsChange,
  type RequestsState,
  type Resolution,
} from "./records.ts";
import type { Ask, AskOf, BookContext, Rules } from "./rules.ts";

const rules: { readonly [Kind in ApprovalKind]: Rules<Kind> } = {
  device: deviceRules,
  node: nodeRules,
};

/**
 * What is to be done about an ask. `covered`: there is nothing to approve. `refreshed`: the request
 * keeps its code; its changes need no durability. `turned-away`: too many ask; no request is made.
 */
export type AskOutcome<Kind extends ApprovalKind = ApprovalKind> = {
  readonly changes: readonly RequestsChange[];
} & (
  | { readonly verdict: "covered"; readonly request?: undefined }
  | { readonly verdict: "turned-away"; readonly request?: undefined; readonly retryAfterMs: number }
  | { readonly verdict: "new" | "refreshed"; readonly request: RequestOf<Kind> }
);

/** The live request of a device, if it has one of that kind. */
export function requestOf<Kind extends ApprovalKind>(
  state: RequestsState,
  kind: Kind,
  { deviceId, now }: { readonly deviceId: string; readonly now: number },
): RequestOf<Kind> | undefined {
  const request = anyOf(state, kind, deviceId);
  return request && isLive(request, now) ? request : undefined;
}

/** All requests of a kind in the order in which they were made, those that just expired among them. */
export function requestsOf<Kind extends ApprovalKind>(
  state: RequestsState,
  kind: Kind,
): RequestOf<Kind>[] {
  const all = [...state.requests.values()];
  return all.filter((one): one is RequestOf<Kind> => one.kind === kind);
}

/** Whether a request has not ended by itself at `now`, milliseconds of the wall clock. */
export function isLive(request: ApprovalRequest, now: number): boolean {
  return request.kind === "node" || request.expiresAtMs > now;
}

function anyOf<Kind extends ApprovalKind>(state: RequestsState, kind: Kind, deviceId: string) {
  const requestId = state.byAsker.get(askerKey(kind, deviceId)) ?? "";
  return state.requests.get(requestId) as RequestOf<Kind> | undefined;
}

/** Decides about an ask: no request, the one that is there, or another in its place. */
export function ask<Kind extends ApprovalKind>(
  state: RequestsState,
  asked: AskOf<Kind> & { readonly kind: Kind },
  context: BookContext,
): AskOutcome<Kind> {
  const { kind }: { kind: Kind } = asked;
  const rule: Rules<Kind> = rules[kind];
  const old = anyOf(state, kind, askerId(asked));
  if (rule.covers(asked)) {
    return { verdict: "covered", changes: old ? [gone(old, "withdrawn")] : [] };
  }
  const before = old && isLive(old, context.now) ? old : undefined;
  const kept = before && rule.refreshed(before, asked, context);
  if (kept) {
    const changes = kept === before ? [] : [{ op: "request", request: kept } as const];
    return { verdict: "refreshed", request: kept, changes };
  }
  // Its own request gives way to a wider one of the same device.
  const waiting = before ? [] : requestsOf(state, kind).filter((one) => one !== old);
  const room = before ? "fits" : rule.makesRoom(waiting, asked, context);
  const retryAfterMs =
    room === "turn-away" ? context.limits.requestAgainMs : rule.pace(asked, context);
  if (retryAfterMs > 0) return { verdict: "turned-away", changes: [], retryAfterMs };
  const draft = rule.draft(asked, before, context);
  const request = coded(state, draft, { rule, context });
  if (before) {
    const { words: asks } = cutAsk(rule.words(draft), context.limits.askChars);
    const replacement = { by: request.requestId, asks };
    const changes = [{ ...gone(before, "superseded"), replacement }, made(request)];
    return { verdict: "new", request, changes };
  }
  const changes = [
    ...(old ? [gone(old, "expired")] : []),
    ...(typeof room === "string" ? [] : [gone(room.goes, "evicted")]),
    made(request),
  ];
  return { verdict: "new", request, changes };
}

function askerId(asked: Ask): string {
  return asked.kind === "node" ? asked.nodeId : asked.deviceId;
}

const made = (request: ApprovalRequest): RequestsChange => ({ op: "request", request });

/** The change by which a request ends. Who may end it is decided elsewhere (authority.ts). */
export function gone({ requestId }: ApprovalRequest, why: Resolution) {
  return { op: "request-gone", requestId, why } as const;
}

/** `draft` with a code that stands for no other request, of either kind. */
function coded<Kind extends ApprovalKind>(
  state: RequestsState,
  draft: RequestOf<Kind>,
  { rule, context }: { readonly rule: Rules<Kind>; readonly context: BookContext },
): RequestOf<Kind> {
  for (;;) {
    const nonce = context.nonce();
    const requestId = rule.code(draft, { gatewayId: context.gatewayId, nonce });
    if (state.requests.has(requestId) || state.replaced.has(requestId)) continue;
    return { ...draft, requestId, nonce };
  }
}

/** What the code that was typed stands for, or stood for until it was replaced. */
export function kindOfCode(state: RequestsState, typed: string): ApprovalKind | undefined {
  const code = wholeCode(typed) ?? "";
  return (state.requests.get(code) ?? state.replaced.get(code))?.kind;
}

export interface FindFacts<Kind extends ApprovalKind> {
  /** The kind that is looked for: a code of another one is unknown. */
  readonly kind: Kind;
  /** Wall clock, milliseconds. */
  readonly now: number;
  /** What is said to a caller who may not know what became of a code; absent: it may. */
  readonly denied?: string | undefined;
  /** How the request of that code ended, if that was not long ago. */
  readonly ended?: ((code: string) => Resolution | undefined) | undefined;
}

/**
 * Finds a live request by its code as a person typed it.
 * @throws RequestError `UNKNOWN_REQUEST`, or only the words `denied`; UnknownCode where nothing says
 * that there ever was such a request
 */
export function find<Kind extends ApprovalKind>(
  state: RequestsState,
  typed: string,
  { kind, now, denied, ended }: FindFacts<Kind>,
): RequestOf<Kind> {
  const code = wholeCode(typed);
  const request = code === undefined ? undefined : state.requests.get(code);
  if (request?.kind === kind && isLive(request, now)) return request as RequestOf<Kind>;
  if (denied !== undefined) throw deniedCode(denied);
  const replaced = code === undefined ? undefined : replacedOf(state, kind, code);
  const end = code === undefined ? undefined : ended?.(code);
  // The code of a request that was there is no guess: its sender was a moment late.
  throw (replaced || end ? invalidRequest : unknownCode)(
    `unknown requestId: ${whyUnknown(kind, { code, replaced, end })}`,
    {
      code: "UNKNOWN_REQUEST",
      ...(replaced && { replacedBy: replaced.by }),
      next: kinds[kind].list,
    },
  );
}

function replacedOf(state: RequestsState, kind: ApprovalKind, code: string) {
  const replaced = state.replaced.get(code);
  return replaced?.kind === kind ? replaced : undefined;
}

interface Unknown {
  readonly code: string | undefined;
  readonly replaced: ReplacedCode | undefined;
  readonly end: Resolution | undefined;
}

/** What became of a code. */
function whyUnknown(kind: ApprovalKind, { code, replaced, end }: Unknown): string {
  const { ends, otherwise } = rules[kind].unknown;
  if (replaced) return `replaced by ${replaced.by}, which asks for ${replaced.asks}`;
  if (code === undefined) return "that is no whole code; one looks like 7F3K-Q2MN";
  return (end && ends[end]) ?? otherwise;
}

/** The ends of the requests that are past their time at `now`, milliseconds of the wall clock. */
export function expire(state: RequestsState, now: number): RequestsChange[] {
  const over = [...state.requests.values()].filter((request) => !isLive(request, now));
  return over.map((request) => gone(request, "expired"));
}

/** What a clock wrote that was ahead of `now`, moved back to it: nothing lives longer than it may. */
export function fromTheFuture(state: RequestsState, now: number): RequestsChange[] {
  return requestsOf(state, "device")
    .filter(({ ts }) => ts > now)
    .map((request) => ({ op: "request", request: movedBy(request, now - request.ts) }));
}

/**
 * The end of what a node asked for under a pairing of its device that is no more: it is named `pairing`
 * now (`undefined`: the device is no node).
 */
export function endedWithPairing(
  state: RequestsState,
  { nodeId, pairing }: { readonly nodeId: string; readonly pairing: string | undefined },
): RequestsChange[] {
  const request = anyOf(state, "node", nodeId);
  return request && request.pairing !== pairing ? [gone(request, "rejected")] : [];
}

/** When {@link expire} next has something to do, milliseconds of the wall clock. */
export function nextExpiry(state: RequestsState): number | undefined {
  let next: number | undefined;
  for (const request of state.requests.values()) {
    if (request.kind === "node") continue;
    if (next === undefined || request.expiresAtMs < next) next = request.expiresAtMs;
  }
  return next;
}
