import { scopesFromBefore } from "../protocol/nodes-right.ts";
import type { Device, Invite, PairingChange } from "./records.ts";

/**
 * Devices and links of a state in which `operator.write` held the right to run commands on nodes: they keep
 * it, as a right of its own. Requests stay as they are: a code stands for what it was made for, and a device
 * that asks again is given another.
 */

/** A device as it is now; the same one where nothing changes. */
export function deviceFromBefore(device: Device): Device {
  const { operator } = device.tokens;
  const scopes = scopesFromBefore(device.scopes);
  const held = operator && scopesFromBefore(operator.scopes);
  if (scopes === device.scopes && held === operator?.scopes) return device;
  const tokens = {
    ...device.tokens,
    ...(operator && held && { operator: { ...operator, scopes: held } }),
  };
  return { ...device, scopes, tokens };
}

/** A link as it is now. A device that used one has what the link says, so both change alike. */
export function inviteFromBefore(invite: Invite): Invite {
  return { ...invite, scopes: scopesFromBefore(invite.scopes) };
}

/** A change of then as it is now. */
export function changeFromBefore(change: PairingChange): PairingChange {
  if (change.op === "device") return { ...change, device: deviceFromBefore(change.device) };
  if (change.op === "invite") return { ...change, invite: inviteFromBefore(change.invite) };
  return change;
}

/** A record of a snapshot of then as it is now. */
export function recordFromBefore<Record extends object>(record: Record): Record {
  if ("device" in record) return { ...record, device: deviceFromBefore(record.device as Device) };
  if ("invite" in record) return { ...record, invite: inviteFromBefore(record.invite as Invite) };
  return record;
}
