import type { Limits } from "../limits/table.ts";
import { ADMIN, PAIRING, WRITE } from "../protocol/access.ts";
import { invalidRequest, unknownCode } from "../protocol/errors.ts";
import { capabilityWords, isSensitive } from "../words/capabilities.ts";
import { isWholeCode, normalizeCode, shortCode } from "../words/code.ts";
import { cutAsk } from "../words/request-card.ts";
import { coversCapabilities, surfaceKey } from "./claims.ts";
import type {
  Capabilities,
  CapabilityRequest,
  CapabilityResolution,
  NodeRecord,
  NodesChange,
  NodesState,
  NodeText,
  Replacement,
} from "./records.ts";

/**
 * Decides what a node's declared capabilities, an approval or a rejection changes. Pure, like
 * pairing's ledger.
 */
export interface CapabilityContext {
  readonly now: number;
  readonly gatewayId: string;
  readonly limits: Pick<Limits, "nodeRequests" | "askChars">;
  /** A fresh random nonce, hex. */
  readonly nonce: () => string;
  /** Whether a code stands for something else already. */
  readonly taken: (code: string) => boolean;
}

/** A node that is here, with what it asks for. */
export interface Ask {
  readonly nodeId: string;
  readonly pairing: string;
  readonly surface: Capabilities;
  readonly text: NodeText;
}

export interface Gone {
  readonly request: CapabilityRequest;
  readonly why: CapabilityResolution;
}

export interface AskOutcome {
  /** `covered`: nothing to approve. `refreshed`: keeps its code; its changes need no durability. */
  readonly kind: "covered" | "new" | "refreshed";
  readonly request?: CapabilityRequest;
  readonly changes: readonly NodesChange[];
  readonly gone: readonly Gone[];
}

export function requestOf(state: NodesState, nodeId: string): CapabilityRequest | undefined {
  const requestId = state.requestOf.get(nodeId);
  return requestId === undefined ? undefined : state.requests.get(requestId);
}

/** The record of a node's present pairing: one of an earlier pairing counts for nothing. */
export function recordOf(
  state: NodesState,
  node: { nodeId: string; pairing: string | undefined },
): NodeRecord | undefined {
  const record = state.nodes.get(node.nodeId);
  return record?.pairing === node.pairing ? record : undefined;
}

/**
 * What to do about declared capabilities: nothing, keep the request, or make one in place of the
 * old.
 */
export function ask(state: NodesState, asked: Ask, context: CapabilityContext): AskOutcome {
  const before = requestOf(state, asked.nodeId);
  const approved = recordOf(state, asked)?.surface;
  if (approved && coversCapabilities(approved, asked.surface)) {
    const gone = before ? [{ request: before, why: "withdrawn" as const }] : [];
    return { kind: "covered", changes: gone.map((one) => requestGone(one)), gone };
  }
  if (before?.pairing === asked.pairing && surfaceKey(before) === surfaceKey(asked.surface)) {
    // A refused node asks again with every request: only what differs is worth a line.
    const same = JSON.stringify(textOf(before)) === JSON.stringify(textOf(asked.text));
    if (same) return { kind: "refreshed", request: before, changes: [], gone: [] };
    const { requestId, nonce, nodeId, pairing, ts } = before;
    const request = { ...asked.text, ...asked.surface, requestId, nonce, nodeId, pairing, ts };
    return { kind: "refreshed", request, changes: [{ op: "request", request }], gone: [] };
  }
  return replace(state, { asked, before }, context);
}

function replace(
  state: NodesState,
  { asked, before }: { asked: Ask; before: CapabilityRequest | undefined },
  context: CapabilityContext,
): AskOutcome {
  const { nodeId, pairing, surface, text } = asked;
  const request = {
    ...text,
    ...surface,
    ...freshCode(state, asked, context),
    nodeId,
    pairing,
    ts: context.now,
  };
  const gone: Gone[] = before
    ? [{ request: before, why: "superseded" }]
    : evicted(state, context.limits.nodeRequests);
  const { words: asks } = cutAsk(capabilityWords(surface), context.limits.askChars);
  const replacement = { by: request.requestId, asks };
  const changes: NodesChange[] = [
    ...gone.map((one) => requestGone(one, one.why === "superseded" ? replacement : undefined)),
    { op: "request", request },
  ];
  return { kind: "new", request, changes, gone };
}

function requestGone({ request, why }: Gone, replacement?: Replacement): NodesChange {
  const { requestId } = request;
  if (!replacement) return { op: "request-gone", requestId, why };
  return { op: "request-gone", requestId, why, replacement };
}

function freshCode(
  state: NodesState,
  { nodeId, surface }: Ask,
  context: CapabilityContext,
): { requestId: string; nonce: string } {
  for (;;) {
    const nonce = context.nonce();
    const facts = ["node-surface/1", nodeId, surfaceKey(surface), context.gatewayId, nonce];
    const requestId = shortCode(facts);
    const used = state.requests.has(requestId) || state.replaced.has(requestId);
    if (!used && !context.taken(requestId)) return { requestId, nonce };
  }
}

/** Requests keep the order in which they came, so the first is the oldest. */
function evicted(state: NodesState, most: number): Gone[] {
  if (state.requests.size < most) return [];
  const [request] = state.requests.values();
  return request ? [{ request, why: "evicted" }] : [];
}

/** The scopes that approving `commands` takes. */
export function approvalScopes(commands: readonly string[]): readonly string[] {
  if (commands.length === 0) return [PAIRING];
  return commands.some((command) => isSensitive(command)) ? [PAIRING, ADMIN] : [PAIRING, WRITE];
}

const NO_CODE = "that is no whole code; one looks like 7F3K-Q2MN";
const GONE = "it was decided already, gave way to a newer code of the node, or is mistyped";

/**
 * Finds a request by its code as typed.
 * @throws RequestError (UNKNOWN_REQUEST), which says what replaced the request, if anything did
 */
export function findRequest(state: NodesState, typed: string): CapabilityRequest {
  const code = normalizeCode(typed);
  const whole = code !== undefined && isWholeCode(code) ? code : undefined;
  const request = whole === undefined ? undefined : state.requests.get(whole);
  if (request) return request;
  const replaced = whole === undefined ? undefined : state.replaced.get(whole);
  throw (replaced ? invalidRequest : unknownCode)(
    replaced
      ? `unknown requestId: replaced by ${replaced.by}, which asks for ${replaced.asks}`
      : `unknown requestId: ${whole === undefined ? NO_CODE : GONE}`,
    {
      code: "UNKNOWN_REQUEST",
      ...(replaced && { replacedBy: replaced.by }),
      cure: "openclaw nodes pending",
    },
  );
}

/** Approves exactly what `asked` says; what was approved before and is not asked for ends. */
export function approve(
  state: NodesState,
  asked: Ask & { requestId?: string },
  facts: { now: number; via: "owner" | "bootstrap" },
): { node: NodeRecord; changes: readonly NodesChange[] } {
  const { nodeId, pairing, surface, text, requestId } = asked;
  const before = recordOf(state, asked);
  const node: NodeRecord = {
    ...before,
    ...text,
    nodeId,
    pairing,
    surface,
    createdAtMs: before?.createdAtMs ?? facts.now,
    approvedAtMs: facts.now,
    approvedVia: facts.via,
  };
  const changes: NodesChange[] = [{ op: "node", node }];
  if (requestId !== undefined) changes.unshift({ op: "request-gone", requestId, why: "approved" });
  return { node, changes };
}

/** The capabilities of a request, without its other facts. */
export function surfaceOf({ caps, commands, permissions }: Capabilities): Capabilities {
  return { caps, commands, permissions };
}

/** What a node said about itself, without what else a request or record says. */
export function textOf(from: NodeText): NodeText {
  return {
    clientId: from.clientId,
    clientMode: from.clientMode,
    ...(from.displayName !== undefined && { displayName: from.displayName }),
    ...(from.platform !== undefined && { platform: from.platform }),
    ...(from.version !== undefined && { version: from.version }),
    ...(from.deviceFamily !== undefined && { deviceFamily: from.deviceFamily }),
    ...(from.modelIdentifier !== undefined && { modelIdentifier: from.modelIdentifier }),
    ...(from.remoteIp !== undefined && { remoteIp: from.remoteIp }),
  };
}
