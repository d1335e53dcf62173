import type { Role } from "../protocol/access.ts";
import { ApprovalOrder } from "./order.ts";
import {
  type Device,
  type Invite,
  nodePairing,
  type PairingChange,
  type PairingState,
  type RevokingAll,
} from "./records.ts";
import { isRemoteAdmin } from "./remaining-admins.ts";
import { applySetupTold } from "./setup.ts";
import { applySshKey } from "./ssh-keys.ts";

/** Applies one change. Deterministic, so a journal replays to the same state. */
export function applyChange(state: PairingState, change: PairingChange): void {
  switch (change.op) {
    case "device":
      applyDevice(state, change.device);
      return;
    case "device-gone": {
      const device = state.devices.get(change.deviceId);
      if (device) state.order.delete(device);
      state.devices.delete(change.deviceId);
      state.nodes.delete(change.deviceId);
      state.admins.delete(change.deviceId);
      return;
    }
    case "seen":
      applySeen(state, change);
      return;
    case "invite": {
      const invite = inviteOf(change.invite);
      state.invites.set(invite.inviteId, invite);
      state.inviteBySecret.set(invite.secretHash, invite.inviteId);
      return;
    }
    case "invite-gone": {
      const invite = state.invites.get(change.inviteId);
      if (invite) state.inviteBySecret.delete(invite.secretHash);
      state.invites.delete(change.inviteId);
      return;
    }
    case "setup-told":
      applySetupTold(state.invites, change);
      return;
    case "ssh-key":
    case "ssh-key-gone":
    case "ssh-key-used":
      applySshKey(state.sshKeys, change);
      return;
    default:
      applyToMany(state, change);
  }
}

type ManyChange = Extract<
  PairingChange,
  { op: "clock-set" | "revoking-all" | "revoked-all" | "revoking-derived" | "revoked-derived" }
>;

function applyToMany(state: PairingState, change: ManyChange): void {
  switch (change.op) {
    case "clock-set":
      moveTimes(state, change.by);
      return;
    case "revoking-all":
      state.revokingAll = revokingAllOf(change);
      return;
    case "revoked-all":
      state.revokingAll = undefined;
      return;
    case "revoking-derived":
      state.revokingDerived = {
        epoch: Math.max(change.epoch, state.revokingDerived?.epoch ?? 0),
        atMs: change.atMs,
      };
      return;
    case "revoked-derived":
      // The secret may have been changed once more meanwhile: its tokens are still to end.
      if ((state.revokingDerived?.epoch ?? 0) <= change.epoch) state.revokingDerived = undefined;
  }
}

function revokingAllOf({ keeps, last, atMs }: RevokingAll): RevokingAll {
  return { keeps, atMs, ...(last !== undefined && { last }) };
}

/** The times of a link's `users` stay: they name the approvals that it gave, which don't move either. */
function moveTimes(state: PairingState, by: number): void {
  for (const [inviteId, invite] of state.invites) {
    const { createdAtMs, expiresAtMs } = invite;
    const times = { createdAtMs: createdAtMs + by, expiresAtMs: expiresAtMs + by };
    state.invites.set(inviteId, { ...invite, ...times });
  }
}

function applyDevice(state: PairingState, device: Device): void {
  const before = state.devices.get(device.deviceId);
  const moves = !before || before.approvedAtMs !== device.approvedAtMs;
  if (before && moves) state.order.delete(before);
  state.devices.set(device.deviceId, device);
  if (moves) state.order.add(device);
  if (nodePairing(device) === undefined) state.nodes.delete(device.deviceId);
  else state.nodes.add(device.deviceId);
  if (isRemoteAdmin(device)) state.admins.add(device.deviceId);
  else state.admins.delete(device.deviceId);
}

function applySeen(state: PairingState, change: Extract<PairingChange, { op: "seen" }>): void {
  const before = state.devices.get(change.deviceId);
  if (!before) return;
  const device: Device = {
    ...before,
    lastSeenAtMs: change.at,
    lastSeenReason: change.reason,
    ...(change.took && { tokens: claimed(before.tokens, change.took) }),
  };
  state.devices.set(change.deviceId, device);
}

export function claimed(tokens: Device["tokens"], role: Role): Device["tokens"] {
  const token = tokens[role];
  if (!token) return tokens;
  const { claimable: _, ...kept } = token;
  return { ...tokens, [role]: kept };
}

export function emptyState(): PairingState {
  const devices = new Map<string, Device>();
  return {
    devices,
    order: new ApprovalOrder(devices),
    nodes: new Set(),
    admins: new Set(),
    invites: new Map(),
    inviteBySecret: new Map(),
    sshKeys: new Map(),
    revokingAll: undefined,
    revokingDerived: undefined,
  };
}

export function inviteOf({ usedBy, usedAtMs, ...record }: InviteRecord): Invite {
  const users = usedBy === undefined ? {} : { [usedBy]: usedAtMs ?? record.createdAtMs };
  return { roles: [record.role], uses: 1, users, ...record };
}

/** As links were written when each paired one device, in one role. */
export type InviteRecord = Omit<Invite, "roles" | "uses" | "users"> &
  Partial<Pick<Invite, "roles" | "uses" | "users">> & {
    readonly usedBy?: string;
    readonly usedAtMs?: number;
  };
