import { limitTable } from "../limits/table.ts";
import { type Actor, covers, type LeftOut, type Role, union } from "../protocol/access.ts";
import { blank, type Command, openclaw } from "../protocol/command.ts";
import { invalidRequest, notSeparable } from "../protocol/errors.ts";
import { say } from "../protocol/text.ts";
import { approvalProblem } from "../requests/authority.ts";
import { deviceText } from "../requests/device-rules.ts";
import type { DeviceRequest, DeviceText } from "../requests/records.ts";
import { scopeInWords } from "../words/scopes.ts";
import { heldScopes } from "./authority.ts";
import type { Device, PairingChange, PairingState, TokenRecord } from "./records.ts";

/** The changes of an approval, without the end of the request. */
export interface Approval {
  readonly device: Device;
  /** Those of the request that were granted. */
  readonly scopes: readonly string[];
  readonly changes: readonly PairingChange[];
}

/** Who approves, when, and what of it is left out. */
export interface Approving {
  readonly actor: Actor;
  readonly now: number;
  readonly without?: readonly LeftOut[] | undefined;
}

/**
 * Approves `request` of the device whose record is `before`: exactly what it commits to, but for what is
 * left out, added to what the device already has. Pure.
 * @throws RequestError where `actor` may not, the device would have too much, or hold all the same what is
 * left out
 */
export function approve(
  before: Device | undefined,
  whole: DeviceRequest,
  facts: Approving,
): Approval {
  const { without = [] } = facts;
  const left: readonly string[] = without;
  const request = { ...whole, scopes: whole.scopes.filter((scope) => !left.includes(scope)) };
  const problem = approvalProblem(facts.actor, request, heldScopes(before));
  if (problem) throw problem;
  refuseInseparable(before, request, without);
  if (union(heldScopes(before), request.scopes).length > MOST_SCOPES) {
    throw invalidRequest(`a device has no more than ${MOST_SCOPES} scopes`, {
      next: say`${narrowed(request)} (SCOPES: those of its own that it keeps), then approve again`,
    });
  }
  const device = grant(before, request, { now: facts.now, via: "owner" });
  return { device, scopes: request.scopes, changes: [{ op: "device", device }] };
}

/** Who leaves something out must not find it granted all the same. */
function refuseInseparable(
  before: Device | undefined,
  { deviceId, scopes }: DeviceRequest,
  without: readonly LeftOut[],
): void {
  const held = heldScopes(before);
  for (const scope of without) {
    if (covers(held, scope)) {
      const words = `it may ${scopeInWords(scope)} already, and an approval takes nothing away`;
      throw notSeparable(words, narrowed({ deviceId }));
    }
    if (covers(scopes, scope)) {
      const words = `it asks for full control, which holds the right to ${scopeInWords(scope)}`;
      throw notSeparable(words, openclaw`devices invite --scopes read,write`);
    }
  }
}

/** What leaves a device with fewer scopes. */
function narrowed({ deviceId }: Pick<DeviceRequest, "deviceId">): Command {
  return openclaw`devices rotate ${deviceId} --scope ${blank("SCOPES")}`;
}

const MOST_SCOPES = limitTable.scopesPerDevice.value;

/** What is granted: by approval of a request, or by a one-time link. */
export interface Grant extends DeviceText {
  readonly deviceId: string;
  readonly publicKey: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly string[];
  readonly secretEpoch?: number;
}

/** The device record after `asked` was granted, on top of what it had. */
export function grant(
  before: Device | undefined,
  asked: Grant,
  facts: { now: number; via: Device["approvedVia"]; label?: string | undefined },
): Device {
  const roles = [...new Set([...(before?.roles ?? []), ...asked.roles])];
  const gathered = union(heldScopes(before), asked.scopes);
  const scopes = gathered.length > MOST_SCOPES ? union([], asked.scopes) : gathered;
  const tokens = { ...before?.tokens };
  for (const role of asked.roles) {
    tokens[role] = grantToken(before?.tokens[role], {
      scopes: role === "operator" ? scopes : [],
      now: facts.now,
      secretEpoch: asked.secretEpoch,
    });
  }
  const label = facts.label ?? before?.label;
  return {
    ...deviceText(asked),
    deviceId: asked.deviceId,
    publicKey: asked.publicKey,
    ...(label !== undefined && { label }),
    roles,
    scopes,
    approvedVia: facts.via,
    createdAtMs: before?.createdAtMs ?? facts.now,
    approvedAtMs: facts.now,
    ...(before?.lastSeenAtMs !== undefined && { lastSeenAtMs: before.lastSeenAtMs }),
    tokens,
  };
}

function grantToken(
  before: TokenRecord | undefined,
  facts: { scopes: readonly string[]; now: number; secretEpoch: number | undefined },
): TokenRecord {
  const live = before?.revokedAtMs === undefined ? before : undefined;
  // A token once granted under a shared secret ends with it, whatever was added since.
  const secretEpoch = facts.secretEpoch ?? live?.secretEpoch;
  return {
    generation: live?.generation ?? (before?.generation ?? 0) + 1,
    scopes: facts.scopes,
    createdAtMs: live?.createdAtMs ?? facts.now,
    ...(facts.secretEpoch === undefined && { claimable: true as const }),
    ...(secretEpoch !== undefined && { secretEpoch }),
  };
}

/** The changes that forget the links which ended long before `now`, milliseconds of the wall clock. */
export function expire(state: PairingState, now: number): readonly PairingChange[] {
  const over = [...state.invites.values()].filter(
    (invite) => invite.expiresAtMs <= now - KEEP_EXPIRED_MS,
  );
  return over.map(({ inviteId }) => ({ op: "invite-gone", inviteId }));
}

/** Links stay known after they expire, so that opening one says `expired`, not `unknown`. */
const KEEP_EXPIRED_MS = limitTable.inviteKeptMs.value;

/** When {@link expire} next has something to do. */
export function nextExpiry(state: PairingState): number | undefined {
  let next: number | undefined;
  for (const { expiresAtMs } of state.invites.values()) {
    const at = expiresAtMs + KEEP_EXPIRED_MS;
    if (next === undefined || at < next) next = at;
  }
  return next;
}
