import { type Actor, firstMissing, type Role } from "../protocol/access.ts";
import { holdsEverything, isConfined, mayLetIn, mayManage } from "../requests/authority.ts";
import type { Device } from "./records.ts";

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

/** Whether `actor` may rotate or revoke the device's token for `role`. */
export function mayChangeToken(actor: Actor, device: Device, role: Role): boolean {
  if (!mayManage(actor, device.deviceId)) return false;
  if (isConfined(actor) && role !== "operator") return false;
  if (!mayLetIn(actor, role)) return false;
  if (role !== "operator" || holdsEverything(actor)) return true;
  const scopes = device.tokens[role]?.scopes ?? [];
  return firstMissing(actor.scopes, scopes) === undefined;
}
