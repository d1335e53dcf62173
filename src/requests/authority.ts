import {
  type Actor,
  ADMIN,
  covers,
  firstMissing,
  NODES,
  PAIRING,
  type Role,
} from "../protocol/access.ts";
import type { ApprovalKind } from "../protocol/approve-line.ts";
import { openclaw } from "../protocol/command.ts";
import { denied, deniedCode, missingScope, type RequestError } from "../protocol/errors.ts";
import { onGateway, type Text } from "../protocol/text.ts";
import { isSensitive } from "../words/capabilities.ts";
import { askedByName } from "./device-rules.ts";
import { type ApprovalRequest, askerOf } from "./records.ts";

/**
 * Whether `actor` is confined to its own device: it came in on a device token (or the link that gave
 * it one) and is no admin (docs/protocol.md#roles-and-scopes).
 */
export function isConfined(actor: Actor): boolean {
  const own = actor.method === "device-token" || actor.method === "bootstrap-token";
  return own && !covers(actor.scopes, ADMIN);
}

/** Whether `actor` may see and manage the device. */
export function mayManage(actor: Actor, deviceId: string): boolean {
  return !isConfined(actor) || actor.deviceId === deviceId;
}

/**
 * Whether `actor` may be told the code of the device's request: who may decide on it, and the device
 * itself, which was told when it asked.
 */
export function mayKnowCode(actor: Actor, deviceId: string): boolean {
  if (actor.deviceId === deviceId) return true;
  return covers(actor.scopes, PAIRING) && mayManage(actor, deviceId);
}

/** Whether `actor` may let devices in, and take them out, in that role. */
export function mayLetIn(actor: Actor, role: Role): boolean {
  if (actor.approves) return actor.approves.includes(role);
  return role === "operator" || covers(actor.scopes, ADMIN);
}

/**
 * Whether `actor` holds every scope there is, also those of plugins that this gateway cannot name: the
 * owner on this machine, and an SSH key to which the owner gave the same say.
 */
export function holdsEverything({ method, scopes }: Actor): boolean {
  return method === "host" || (method === "ssh" && covers(scopes, ADMIN));
}

/** What is done with a request, as refusals call it. */
export type Act = "request" | "approval" | "rejection";

/** What is said to a caller who may not do that to a request, nor know of it. */
export function deniedWords(kind: ApprovalKind, act: Act): string {
  return `${kind} pairing ${act} denied`;
}

/**
 * Why `actor` may not see a request (`act`: `request`) or reject it, or `undefined` if it may. A
 * request of another's device is one that there is not.
 */
export function accessProblem(
  actor: Actor,
  request: ApprovalRequest,
  act: Act,
): RequestError | undefined {
  if (mayManage(actor, askerOf(request))) return undefined;
  return deniedCode(deniedWords(request.kind, act));
}

/** The roles in which a request lets a device in. */
export function rolesOf(request: ApprovalRequest): readonly Role[] {
  return request.kind === "node" ? ["node"] : request.roles;
}

/** Whether `actor` lets devices in as that which a request is for. */
export function mayDecide(actor: Actor, request: ApprovalRequest): boolean {
  return rolesOf(request).every((role) => mayLetIn(actor, role));
}

/** The scopes that approving a node's commands takes. */
export function approvalScopes(commands: readonly string[]): readonly string[] {
  if (commands.length === 0) return [PAIRING];
  return commands.some((command) => isSensitive(command)) ? [PAIRING, ADMIN] : [PAIRING, NODES];
}

/**
 * Why `actor` may not approve a request, or `undefined` if it may. `held`: the operator scopes that
 * the device holds already; to approve more, the actor has to hold these too.
 */
export function approvalProblem(
  actor: Actor,
  request: ApprovalRequest,
  held: readonly string[],
): RequestError | undefined {
  const problem = accessProblem(actor, request, "approval") ?? roleProblem(actor, request);
  if (problem || holdsEverything(actor)) return problem;
  if (request.kind === "device") {
    const wanted = [...askedByName(request), ...request.scopes, ...held];
    const missing = firstMissing(actor.scopes, wanted);
    return missing === undefined
      ? undefined
      : missingScope(missing, { next: ownersApproval(request) });
  }
  const required = approvalScopes(request.commands);
  const missing = firstMissing(actor.scopes, required);
  if (missing === undefined) return undefined;
  return missingScope(missing, { required, next: ownersApproval(request) });
}

/** The owner on the gateway's machine may grant all that a request asks for. */
function ownersApproval({ kind, requestId }: ApprovalRequest): Text {
  return onGateway(openclaw`${`${kind}s`} approve ${requestId}`);
}

function roleProblem(actor: Actor, request: ApprovalRequest): RequestError | undefined {
  const words = deniedWords(request.kind, "approval");
  if (request.kind === "device") return mayDecide(actor, request) ? undefined : deniedCode(words);
  // Its device is in as a node already: scopes decide, but for who has none of its own.
  return actor.approves && !mayDecide(actor, request) ? denied(words) : undefined;
}
