import { type Actor, ADMIN, covers, firstMissing, type Role } from "../protocol/access.ts";
import { missingScope, type RequestError, unknownCode } from "../protocol/errors.ts";
import type { Device, Pending } from "./records.ts";

/**
 * Whether `actor` is confined to its own device: it came in on a device token (or the link that gave
 * it one) and is no admin (protocol page, section 4.4).
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
 * The operator scopes a device holds: those of its token, which may be fewer than were approved.
 * Scopes that the owner took away, by revoking or by rotating to fewer, come back only by a new
 * request and approval, or by another rotation.
 */
export function heldScopes(device: Device | undefined): readonly string[] {
  const token = device?.tokens.operator;
  return token && token.revokedAtMs === undefined ? token.scopes : [];
}

/** The roles a device has: one whose token was revoked is lost until it is approved again. */
export function heldRoles(device: Device): readonly Role[] {
  return device.roles.filter((role) => {
    const token = device.tokens[role];
    return token !== undefined && token.revokedAtMs === undefined;
  });
}

/** Why `actor` may not approve `pending`, or `undefined` if it may. */
export function approvalProblem(
  actor: Actor,
  pending: Pending,
  device: Device | undefined,
): RequestError | undefined {
  const denied = unknownCode("device pairing approval denied");
  if (!mayManage(actor, pending.deviceId)) return denied;
  if (pending.roles.some((role) => !mayLetIn(actor, role))) return denied;
  if (holdsEverything(actor)) return undefined;
  const result = [...pending.scopes, ...heldScopes(device)];
  const missing = firstMissing(actor.scopes, result);
  return missing === undefined ? undefined : missingScope(missing);
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

/** Whether `actor` may rotate or revoke the device's token for `role`. */
export function mayChangeToken(actor: Actor, device: Device, role: Role): boolean {
  if (!mayManage(actor, device.deviceId)) return false;
  if (isConfined(actor) && role !== "operator") return false;
  if (!mayLetIn(actor, role)) return false;
  if (role !== "operator" || holdsEverything(actor)) return true;
  const scopes = device.tokens[role]?.scopes ?? [];
  return firstMissing(actor.scopes, scopes) === undefined;
}
