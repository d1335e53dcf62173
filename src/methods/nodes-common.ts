import type { NodeSession } from "../nodes/sessions.ts";
import { openclaw } from "../protocol/command.ts";
import { type RequestError, unavailable } from "../protocol/errors.ts";
import { onGateway, say, type Text } from "../protocol/text.ts";
import { mayKnowCode } from "../requests/authority.ts";
import type { Call } from "./method.ts";

/** When a node may ask again, in milliseconds: a person has to approve meanwhile, or a connection to end. */
export const RETRY_MS = 5000;

/** A node is not what it was, or what the caller thinks (docs/protocol.md#nodes). */
export function pairingChanged(what: string, step?: ApprovalStep | StandbyStep): RequestError {
  const details = { code: "PAIRING_CHANGED", ...step };
  return unavailable(`node pairing changed while ${what} was active`, RETRY_MS, details);
}

/**
 * The session of the caller's node.
 * @throws RequestError (PAIRING_CHANGED) where another connection of the same node serves
 */
export function ownSession({ connId, services }: Call, what: string): NodeSession {
  const { sessions } = services.nodes;
  const session = sessions.of(connId);
  if (session && sessions.isCurrent(session)) return session;
  throw pairingChanged(what, session && { reason: "standby", next: STANDS_BY });
}

/**
 * The session of the caller's node, whose capabilities were approved.
 * @throws RequestError (PAIRING_CHANGED) where they were not, after asking for approval
 */
export function approvedSession(call: Call, what: string): NodeSession {
  const session = ownSession(call, what);
  const { nodes } = call.services;
  if (nodes.record(session.nodeId)?.surface) return session;
  // Its request may have been lost to a full disk.
  nodes.ask(session);
  throw pairingChanged(what, approvalStep(call, session.nodeId));
}

const STANDS_BY =
  "wait: a newer connection of this node serves, and this one takes over the moment that one ends";

/** Why a connection is heard about its own invokes alone. */
interface StandbyStep {
  readonly reason: "standby";
  readonly next: Text;
}

/** What lets a node's declared capabilities in. */
export interface ApprovalStep {
  /** The request that waits, where there is one whose code the caller may know. */
  readonly requestId?: string;
  /** For the owner to type. */
  readonly next: Text;
}

const PENDING = openclaw`nodes pending`;

/** How the node's declared capabilities are approved. A node that is connected and asks nothing asks again. */
export function approvalStep(
  { actor, services }: Pick<Call, "actor" | "services">,
  nodeId: string,
): ApprovalStep {
  const { nodes } = services;
  const mayKnow = mayKnowCode(actor, nodeId);
  const request = nodes.request(nodeId);
  if (request && mayKnow) {
    const { requestId } = request;
    return { requestId, next: openclaw`nodes approve ${requestId}` };
  }
  const session = nodes.sessions.current(nodeId);
  // Its request was rejected before, or had to give way: now somebody needs the node.
  if (!request && session) nodes.ask(session);
  if (request || session) return { next: mayKnow ? PENDING : onGateway(PENDING) };
  return { next: nodes.record(nodeId) ? asksOnceHere(nodeId) : openclaw`nodes list` };
}

function asksOnceHere(nodeId: string): Text {
  return say`${openclaw`nodes describe ${nodeId}`} (when it was last here: it asks for approval again once it connects)`;
}
