import { type Actor, coversAll, isRole, type Role, roles } from "../protocol/access.ts";
import { openclaw } from "../protocol/command.ts";
import { denied, invalidRequest, type RequestError } from "../protocol/errors.ts";
import { say } from "../protocol/text.ts";
import { holdsEverything, mayManage } from "../requests/authority.ts";
import { heldRoles, mayChangeToken } from "./authority.ts";
import type { Device, PairingChange, PairingState, TokenRecord } from "./records.ts";

/** Changes to paired devices, pure like the ledger. */

function known(state: PairingState, deviceId: string, facts: { actor: Actor; denied: string }) {
  if (!mayManage(facts.actor, deviceId)) throw denied(facts.denied);
  const device = state.devices.get(deviceId);
  if (!device) throw unknownDevice();
  return device;
}

/** The error about a device that is not paired. */
export function unknownDevice(): RequestError {
  return invalidRequest("unknown deviceId", {
    code: "UNKNOWN_DEVICE",
    next: openclaw`devices list`,
  });
}

/** Removes a device. */
export function remove(
  state: PairingState,
  deviceId: string,
  actor: Actor,
): { device: Device; changes: readonly PairingChange[] } {
  const device = known(state, deviceId, { actor, denied: "device pairing removal denied" });
  return { device, changes: [{ op: "device-gone", deviceId }] };
}

/** Gives a device the owner's own name for it. `label` is clean and not empty. Nothing where it has it. */
export function rename(
  state: PairingState,
  facts: { deviceId: string; label: string; actor: Actor },
): { device: Device; changes: readonly PairingChange[] } {
  const words = "device pairing rename denied";
  const before = known(state, facts.deviceId, { actor: facts.actor, denied: words });
  if (before.label === facts.label) return { device: before, changes: [] };
  const device = { ...before, label: facts.label };
  return { device, changes: [{ op: "device", device }] };
}

interface TokenTarget {
  readonly device: Device;
  readonly role: Role;
  readonly token: TokenRecord;
}

function liveToken(
  state: PairingState,
  facts: { deviceId: string; role: string; actor: Actor; denied: string },
): TokenTarget {
  const device = state.devices.get(facts.deviceId);
  const role = isRole(facts.role) ? facts.role : undefined;
  const token = role && device?.tokens[role];
  const allowed = device && role && mayChangeToken(facts.actor, device, role);
  if (!device || !role || !token || !allowed) throw denied(facts.denied);
  if (token.revokedAtMs !== undefined) {
    // Who may not change it was not told that there is one.
    const message = `${facts.denied}: it was revoked already and stays out until it is approved again`;
    throw invalidRequest(message, {
      code: "ALREADY_REVOKED",
      next: openclaw`devices list`,
    });
  }
  return { device, role, token };
}

function withToken(target: TokenTarget, token: TokenRecord): Device {
  return { ...target.device, tokens: { ...target.device.tokens, [target.role]: token } };
}

export interface TokenChange {
  readonly device: Device;
  readonly role: Role;
  readonly token: TokenRecord;
  readonly changes: readonly PairingChange[];
}

/** Makes a new token for a device; the old one is worthless from then on. @throws RequestError where `actor` may not */
export function rotate(
  state: PairingState,
  facts: {
    deviceId: string;
    role: string;
    scopes?: readonly string[] | undefined;
    actor: Actor;
    now: number;
  },
): TokenChange {
  const words = "device token rotation denied";
  const target = liveToken(state, { ...facts, denied: words });
  const scopes = facts.scopes ? [...new Set(facts.scopes)].sort() : target.token.scopes;
  const baseline = target.role === "operator" ? target.device.scopes : [];
  if (!holdsEverything(facts.actor) && !coversAll(facts.actor.scopes, scopes)) throw denied(words);
  if (!coversAll(baseline, scopes)) throw beyondApproval(target, scopes, words);
  const { claimable: _, ...kept } = target.token;
  const token = {
    ...kept,
    scopes,
    generation: target.token.generation + 1,
    rotatedAtMs: facts.now,
  };
  const device = withToken(target, token);
  return { device, role: target.role, token, changes: [{ op: "device", device }] };
}

/** A rotation gives no more than was approved; the error names what does. */
function beyondApproval(
  { device: { deviceId }, role }: TokenTarget,
  scopes: readonly string[],
  words: string,
): RequestError {
  if (role !== "operator") {
    const next = openclaw`devices rotate ${deviceId} --role ${role}`;
    return invalidRequest(`${words}: a node holds no scopes`, { code: "DENIED", next });
  }
  const link = openclaw`devices invite --scopes ${scopes.join(",")}`;
  return invalidRequest(`${words}: it was approved for less than that`, {
    code: "DENIED",
    next: say`${link} (opened on that device, it adds them to what the device has)`,
  });
}

/** Ends a device's token and with it the role, until the owner approves the device again. */
export function revoke(
  state: PairingState,
  facts: { deviceId: string; role: string; actor: Actor; now: number },
): TokenChange {
  const target = liveToken(state, { ...facts, denied: "device token revocation denied" });
  const { claimable: _, ...kept } = target.token;
  const token = { ...kept, revokedAtMs: facts.now };
  const device = withToken(target, token);
  return { device, role: target.role, token, changes: [{ op: "device", device }] };
}

/** Ends all that a device may do, or nothing where `actor` may not end all of it. @throws RequestError */
export function revokeEvery(
  state: PairingState,
  { deviceId, actor, now }: { deviceId: string; actor: Actor; now: number },
): { device: Device; roles: readonly Role[]; changes: readonly PairingChange[] } {
  const words = "device token revocation denied";
  const device = known(state, deviceId, { actor, denied: words });
  const live = heldRoles(device);
  if (!live.every((role) => mayChangeToken(actor, device, role))) throw denied(words);
  const after = withoutTokens(device, everyToken, now);
  return { device, roles: live, changes: after ? [{ op: "device", device: after }] : [] };
}

/** Names tokens to be ended. */
export type Ends = (token: TokenRecord) => boolean;

export const everyToken: Ends = () => true;

/** Tokens that were granted under a shared secret of an epoch up to `epoch`. */
export function derivedUpTo(epoch: number): Ends {
  return ({ secretEpoch }) => secretEpoch !== undefined && secretEpoch <= epoch;
}

/** Whether it has a live token that `ends` names. */
export function hasToken({ tokens }: Device, ends: Ends): boolean {
  return roles.some((role) => {
    const token = tokens[role];
    return token !== undefined && token.revokedAtMs === undefined && ends(token);
  });
}

/** The device without those of its live tokens that `ends` names; `undefined` where it has none. */
export function withoutTokens(device: Device, ends: Ends, now: number): Device | undefined {
  let after: Device | undefined;
  for (const role of roles) {
    const token = device.tokens[role];
    if (!token || token.revokedAtMs !== undefined || !ends(token)) continue;
    const { claimable: _, ...kept } = token;
    const tokens = { ...(after ?? device).tokens, [role]: { ...kept, revokedAtMs: now } };
    after = { ...device, tokens };
  }
  return after;
}

/** Ends the tokens of `ids` that `ends` names. */
export function endTokens(
  state: PairingState,
  facts: { ids: Iterable<string>; ends: Ends; now: number },
): { devices: readonly Device[]; changes: readonly PairingChange[] } {
  const devices: Device[] = [];
  for (const id of facts.ids) {
    const before = state.devices.get(id);
    const ended = before && withoutTokens(before, facts.ends, facts.now);
    if (ended) devices.push(ended);
  }
  return { devices, changes: devices.map((device) => ({ op: "device", device, many: true })) };
}
