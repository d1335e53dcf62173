import { createHash } from "node:crypto";
import type { Limits } from "../limits/table.ts";
import { type Actor, coversAll, firstMissing, type Role } from "../protocol/access.ts";
import { openclaw } from "../protocol/command.ts";
import { invalidRequest, missingScope } from "../protocol/errors.ts";
import type { InviteProblem } from "../protocol/refusals.ts";
import type { SetupAccess } from "../protocol/setup-access.ts";
import { onGateway } from "../protocol/text.ts";
import { holdsEverything } from "../requests/authority.ts";
import { askedByName } from "../requests/device-rules.ts";
import type { DeviceRequest } from "../requests/records.ts";
import { heldRoles, heldScopes } from "./authority.ts";
import { type Grant, grant } from "./ledger.ts";
import {
  type Device,
  type Invite,
  isOpen,
  type PairingChange,
  type PairingState,
} from "./records.ts";
import type { Setup } from "./setup.ts";

/** Random bytes of a link's secret. */
export const SECRET_BYTES = 32;

/** SHA-256 of a link's secret: it has 256 bits, so a fast hash is enough. */
export function hashInvite(secret: string): string {
  return createHash("sha256").update(secret.trim()).digest("hex");
}

export interface InviteAsk {
  readonly role: Role;
  /** All roles that it grants at once; `role` alone if absent. */
  readonly roles?: readonly Role[];
  readonly scopes: readonly string[];
  readonly expiresInMs: number;
  readonly name?: string | undefined;
  /** How many devices it may pair; one if absent. */
  readonly uses?: number | undefined;
  readonly setup?: Setup;
  /** The link's secret, where the caller has 256 random bits already; drawn here if absent. */
  readonly secret?: string | undefined;
}

/**
 * Makes a link. Its secret is in the result alone: the state holds a hash.
 * @throws RequestError for scopes that the actor lacks, a life or number of uses out of bounds, and
 * too many unused links
 */
export function createInvite(
  state: PairingState,
  ask: InviteAsk,
  context: {
    actor: Actor;
    now: number;
    limits: Limits;
    bytes: (count: number) => Buffer;
    id: string;
  },
): { invite: Invite; secret: string; changes: readonly PairingChange[] } {
  const missing = firstMissing(context.actor.scopes, ask.scopes);
  if (missing !== undefined && !holdsEverything(context.actor)) {
    // An admin lacks scopes of plugins alone; the owner on the gateway's machine may make any link.
    const link = openclaw`devices invite --scopes ${ask.scopes.join(",")}`;
    throw missingScope(missing, { next: onGateway(link) });
  }
  if (ask.expiresInMs <= 0 || ask.expiresInMs > context.limits.inviteMaxMs) {
    const days = context.limits.inviteMaxMs / 86_400_000;
    throw invalidRequest(`a link lives between one second and ${days} days`);
  }
  const uses = ask.uses ?? 1;
  if (uses < 1 || uses > context.limits.inviteUses) {
    throw invalidRequest(`a link pairs 1 to ${context.limits.inviteUses} devices`);
  }
  const live = [...state.invites.values()].filter((invite) => isOpen(invite, context.now));
  if (live.length >= context.limits.invites) throw invalidRequest("too many unused links");
  const secret = ask.secret ?? context.bytes(SECRET_BYTES).toString("base64url");
  const { role, roles = [role] } = ask;
  const invite: Invite = {
    inviteId: context.id,
    secretHash: hashInvite(secret),
    role,
    roles,
    scopes: roles.includes("operator") ? [...new Set(ask.scopes)].sort() : [],
    ...(ask.name !== undefined && { name: ask.name }),
    createdAtMs: context.now,
    expiresAtMs: context.now + ask.expiresInMs,
    uses,
    users: {},
    ...(ask.setup && { setup: ask.setup }),
  };
  return { invite, secret, changes: [{ op: "invite", invite }] };
}

export type InviteVerdict = { ok: true; invite: Invite } | { ok: false; problem: InviteProblem };

/**
 * Whether `secret` opens a link for this device. The device that used it first may use it again,
 * because phones lose replies, as long as nothing was decided about the device since.
 */
export function checkInvite(
  state: PairingState,
  secret: string,
  facts: { deviceId: string; now: number },
): InviteVerdict {
  const inviteId = state.inviteBySecret.get(hashInvite(secret));
  const invite = inviteId === undefined ? undefined : state.invites.get(inviteId);
  if (!invite) return { ok: false, problem: "unknown" };
  if (invite.revokedAtMs !== undefined) return { ok: false, problem: "revoked" };
  if (invite.users[facts.deviceId] !== undefined) {
    const same = isAsLinked(state.devices.get(facts.deviceId), invite);
    return same ? { ok: true, invite } : { ok: false, problem: "revoked" };
  }
  const used = Object.keys(invite.users).length;
  if (used >= invite.uses) return { ok: false, problem: "used-by-another-device" };
  if (invite.expiresAtMs <= facts.now) return { ok: false, problem: "expired" };
  return { ok: true, invite };
}

/**
 * Whether the device is what the link made of it. Otherwise the link would bring back what the owner
 * took away by remove, revoke or rotate, also from a device that was approved for less afterwards.
 */
function isAsLinked(device: Device | undefined, invite: Invite): boolean {
  if (device?.approvedVia !== "bootstrap") return false;
  if (device.approvedAtMs !== invite.users[device.deviceId]) return false;
  return invite.roles.every((role) => {
    const token = device.tokens[role];
    return token && token.revokedAtMs === undefined && token.rotatedAtMs === undefined;
  });
}

/** What an owner may know of a link: everything but its secret. */
export interface InviteRow {
  readonly inviteId: string;
  readonly kind: "link" | "setup-code";
  readonly role: Role;
  readonly roles: readonly Role[];
  readonly scopes: readonly string[];
  readonly name?: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly uses: number;
  readonly usedBy: readonly { readonly deviceId: string; readonly atMs: number }[];
  /** Of a setup code: how much it grants, and the gateway's address in it. */
  readonly access?: SetupAccess;
  readonly gatewayUrl?: string;
}

/** The links that can still pair a device, newest first. */
export function openInvites(state: PairingState, now: number): InviteRow[] {
  return [...state.invites.values()]
    .filter((invite) => isOpen(invite, now))
    .sort((a, b) => b.createdAtMs - a.createdAtMs || a.inviteId.localeCompare(b.inviteId))
    .map(inviteRow);
}

function inviteRow({ secretHash: _, users, revokedAtMs: __, setup, ...known }: Invite): InviteRow {
  const usedBy = Object.entries(users).map(([deviceId, atMs]) => ({ deviceId, atMs }));
  if (!setup) return { ...known, kind: "link", usedBy };
  const { access, url: gatewayUrl } = setup;
  return { ...known, kind: "setup-code", access, gatewayUrl, usedBy };
}

/**
 * Takes a link back. Devices that it paired stay: they are removed like all others.
 * @throws RequestError where no open link has the id
 */
export function revokeInvite(
  state: PairingState,
  inviteId: string,
  now: number,
): { invite: InviteRow; changes: readonly PairingChange[] } {
  const invite = state.invites.get(inviteId);
  if (!invite || !isOpen(invite, now)) throw invalidRequest("unknown inviteId");
  const changes: PairingChange[] = [{ op: "invite", invite: { ...invite, revokedAtMs: now } }];
  return { invite: inviteRow(invite), changes };
}

/** Takes all of these back. */
export function revokedInvites(
  invites: readonly Invite[],
  now: number,
): { op: "invite"; invite: Invite }[] {
  return invites.map((invite) => ({ op: "invite", invite: { ...invite, revokedAtMs: now } }));
}

/** The link that made a device a node, and perhaps more; `undefined` where the owner decided since. */
export function nodeLinkOf(state: PairingState, deviceId: string): string | undefined {
  const at = state.devices.get(deviceId)?.approvedAtMs;
  if (at === undefined) return undefined;
  for (const { inviteId, roles, users } of state.invites.values()) {
    if (users[deviceId] === at && roles.includes("node")) return inviteId;
  }
  return undefined;
}

export interface Redeemed {
  readonly device: Device;
  readonly changes: readonly PairingChange[];
  /**
   * The request that ends with it: `approved` where all that it asks for is granted now, else
   * `superseded`, because the rest was not approved.
   */
  readonly closed?: { readonly request: DeviceRequest; readonly why: "approved" | "superseded" };
}

/**
 * Pairs the device on the strength of `invite`. No changes when it already did. `asking`: the live request
 * of the device.
 */
export function redeem(
  state: PairingState,
  invite: Invite,
  facts: { asked: Grant; now: number; asking: DeviceRequest | undefined },
): Redeemed {
  const before = state.devices.get(facts.asked.deviceId);
  if (invite.users[facts.asked.deviceId] !== undefined && before)
    return { device: before, changes: [] };
  const device = grant(
    before,
    { ...facts.asked, roles: invite.roles, scopes: invite.scopes },
    { now: facts.now, via: "bootstrap", label: invite.name },
  );
  const users = { ...invite.users, [device.deviceId]: facts.now };
  const used: Invite = { ...invite, users };
  const changes: PairingChange[] = [
    { op: "device", device },
    { op: "invite", invite: used },
  ];
  const request = facts.asking;
  if (!request) return { device, changes };
  const why = holdsAll(device, request) ? "approved" : "superseded";
  return { device, changes, closed: { request, why } };
}

/** Whether it has all that it asked for by name: a link that leaves out what is offered besides leaves nothing to decide. */
function holdsAll(device: Device, request: DeviceRequest): boolean {
  const held = heldRoles(device);
  const asked = askedByName(request);
  return request.roles.every((role) => held.includes(role)) && coversAll(heldScopes(device), asked);
}
