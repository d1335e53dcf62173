import { type Actor, ADMIN, covers, isFullControl } from "../protocol/access.ts";
import { at, type Command, extended, openclaw } from "../protocol/command.ts";
import { invalidRequest, type RequestError } from "../protocol/errors.ts";
import { say } from "../protocol/text.ts";
import type { Device, PairingChange, PairingState } from "./records.ts";

/**
 * The devices that can administer the gateway from elsewhere: those whose live token holds full control. Pure.
 */

/** Whether the device can administer the gateway from elsewhere. */
export function isRemoteAdmin(device: Device | undefined): boolean {
  return isFullControl(device?.tokens.operator);
}

/** What the state itself does not say. */
export interface AdminFacts {
  /** Ways in besides devices. */
  readonly others: number;
  /** Whether the approval of a device can't fail any more: what only may come about is no way in. */
  readonly isSure: (deviceId: string) => boolean;
  /** Whether a device is about to end by what was decided before. */
  readonly isEnding: (device: Device) => boolean;
}

/** Whether a device that is a way in is one after the act. */
export type Stays = (device: Device) => boolean;

/**
 * Whether an act takes a way in and leaves none. What leaves none where there was none takes nothing.
 */
export function removesLastAdmin(state: PairingState, stays: Stays, facts: AdminFacts): boolean {
  if (facts.others > 0) return false;
  let takes = false;
  for (const id of state.admins) {
    const device = state.devices.get(id);
    if (!device || facts.isEnding(device)) continue;
    if (!stays(device)) takes = true;
    else if (facts.isSure(id)) return false;
  }
  return takes;
}

/** Which devices stay ways in after `changes`. */
export function afterChanges(changes: readonly PairingChange[]): Stays {
  const changed = new Map<string, boolean>();
  for (const change of changes) {
    if (change.op === "device") changed.set(change.device.deviceId, isRemoteAdmin(change.device));
    if (change.op === "device-gone") changed.set(change.deviceId, false);
  }
  return ({ deviceId }) => changed.get(deviceId) ?? true;
}

/**
 * Whether the caller itself is a way in that no removal of a device ends: it came without one, by the
 * shared secret, and kept its scopes (`gateway.auth.devicelessCli`).
 */
export function cameBySecret(actor: Actor): boolean {
  return actor.deviceId === undefined && (actor.method === "token" || actor.method === "password");
}

/** Whether `force` counts: it is for who could do worse anyway. */
export function mayForce(actor: Actor): boolean {
  return actor.method === "host" || covers(actor.scopes, ADMIN);
}

const LAST = "that would end the last way in with full control; let another device in first";

/** The command that makes the refused one safe: another device with full control first. */
const SAFE = openclaw`devices invite --scopes owner`;

/** The refusal: first what is safe, then the command of the host that does it all the same. */
export function lastAdminRefusal(actor: Actor, command: Command, message = LAST): RequestError {
  const where = actor.method === "host" ? "" : " on the gateway host";
  const forced = at("gateway", extended(command, "--force"));
  return invalidRequest(message, {
    code: "LAST_WAY_IN",
    next: say`${SAFE} (open the link on another device, then repeat the command; to shut everybody out all the same: ${forced}${where})`,
  });
}
