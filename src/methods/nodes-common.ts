import type { NodeSession } from "../nodes/sessions.ts";
import { RequestError } from "../protocol/errors.ts";
import type { Call } from "./method.ts";

/** A node is not what it was, or what the caller thinks (docs/protocol.md#nodes). */
export function pairingChanged(what: string, cure?: string): RequestError {
  return new RequestError({
    code: "UNAVAILABLE",
    message: `node pairing changed while ${what} was active`,
    retryable: true,
    retryAfterMs: 5000,
    details: { code: "PAIRING_CHANGED", ...(cure !== undefined && { cure }) },
  });
}

/**
 * The session of the caller's node.
 * @throws RequestError (PAIRING_CHANGED) where another connection of the same node took over
 */
export function ownSession({ connId, services }: Call, what: string): NodeSession {
  const session = services.nodes.sessions.of(connId);
  if (session && services.nodes.sessions.isCurrent(session)) return session;
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
  nodes.ask(session);
  throw pairingChanged(what, approveCommand(call, session.nodeId));
}

/** The command that approves the node's declared capabilities, for the owner to type. */
export function approveCommand({ services }: Pick<Call, "services">, nodeId: string): string {
  const request = services.nodes.request(nodeId);
  return request ? `openclaw nodes approve ${request.requestId}` : "openclaw nodes pending";
}
