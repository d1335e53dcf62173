import type { NodeSession } from "../nodes/sessions.ts";
import { type Command, openclaw } from "../protocol/command.ts";
import { RequestError, wireDetails } from "../protocol/errors.ts";
import type { Text } from "../protocol/text.ts";
import type { Call } from "./method.ts";

/** A node is not what it was, or what the caller thinks (docs/protocol.md#nodes). */
export function pairingChanged(what: string, step?: ApprovalStep | StandbyStep): RequestError {
  return new RequestError({
    code: "UNAVAILABLE",
    message: `node pairing changed while ${what} was active`,
    retryable: true,
    retryAfterMs: 5000,
    details: wireDetails({ code: "PAIRING_CHANGED", ...step }),
  });
}

/**
 * The session of the caller's node, be it the one that serves or one that stands by.
 * @throws RequestError (PAIRING_CHANGED) where there is none any more
 */
export function ownSession({ connId, services }: Call, what: string): NodeSession {
  const session = services.nodes.sessions.of(connId);
  if (session) return session;
  throw pairingChanged(what);
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
  if (nodes.sessions.isCurrent(session)) nodes.ask(session);
  throw pairingChanged(what, approvalStep(call, session.nodeId));
}

/**
 * As {@link approvedSession}, for work that one connection of a node does.
 * @throws RequestError (PAIRING_CHANGED) where another connection of the node serves, too
 */
export function servingSession(call: Call, what: string): NodeSession {
  const session = approvedSession(call, what);
  if (call.services.nodes.sessions.isCurrent(session)) return session;
  throw pairingChanged(what, { reason: "standby", next: STANDS_BY });
}

const STANDS_BY =
  "wait: a newer connection of this node serves, and this one takes over the moment that one ends";

/** Why a connection gets no work. */
interface StandbyStep {
  readonly reason: "standby";
  readonly next: Text;
}

/** What lets a node's declared capabilities in. */
export interface ApprovalStep {
  /** The request that waits, where there is one. */
  readonly requestId?: string;
  /** For the owner to type. */
  readonly next: Command;
}

/** How the node's declared capabilities are approved. */
export function approvalStep({ services }: Pick<Call, "services">, nodeId: string): ApprovalStep {
  const request = services.nodes.request(nodeId);
  if (!request) return { next: openclaw`nodes pending` };
  const { requestId } = request;
  return { requestId, next: openclaw`nodes approve ${requestId}` };
}
