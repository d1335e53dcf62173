import type { Actor } from "../protocol/access.ts";
import { extended, openclaw } from "../protocol/command.ts";
import { invalidRequest } from "../protocol/errors.ts";
import { requestsOf } from "../requests/book.ts";
import type { DeviceRequest, RequestsState } from "../requests/records.ts";
import { type Ends, hasToken, unknownDevice } from "./devices.ts";
import type { LastAdminGuard } from "./last-admin-guard.ts";
import { type Device, type Invite, isOpen, type PairingState } from "./records.ts";
import { lastAdminRefusal, mayForce } from "./remaining-admins.ts";

export interface RevokeAllAsk {
  /** Devices that stay as they are. */
  readonly except: readonly string[];
  readonly actor: Actor;
  readonly force?: boolean | undefined;
}

/** What could become a device. */
export interface OpenAsks {
  readonly pending: readonly DeviceRequest[];
  /** Links that would still pair a device. */
  readonly invites: readonly Invite[];
}

/** What revoking all devices but some ends, besides devices. */
export interface RevokeAllPlan extends OpenAsks {
  readonly keeps: ReadonlySet<string>;
  readonly kept: readonly Device[];
}

const COMMAND = openclaw`devices revoke-all`;

/**
 * Decides what goes, without looking at all of it: nothing else may happen in the turn in which
 * this begins.
 * @throws RequestError where a kept device does not exist, or the last remaining admin would end by
 * mistake
 */
export function planRevokeAll(
  state: PairingState,
  ask: RevokeAllAsk,
  facts: { guard: LastAdminGuard; now: number; requests: RequestsState },
): RevokeAllPlan {
  const keeps = new Set(ask.except);
  const kept = ask.except.map((id) => keptDevice(state, id));
  if (!(ask.force && mayForce(ask.actor))) refuseSlip(state, ask, { keeps, guard: facts.guard });
  return { keeps, kept, ...askingIn(state, facts) };
}

/** Who could become a device: by a request, or by a link that is open. */
export function askingIn(
  state: PairingState,
  { requests, now }: { readonly requests: RequestsState; readonly now: number },
): OpenAsks {
  return {
    pending: requestsOf(requests, "device"),
    invites: [...state.invites.values()].filter((invite) => isOpen(invite, now)),
  };
}

/** One that is misspelt would be ended with all others. */
function keptDevice(state: PairingState, deviceId: string): Device {
  const device = state.devices.get(deviceId);
  if (device) return device;
  throw unknownDevice();
}

function refuseSlip(
  state: PairingState,
  { except, actor }: RevokeAllAsk,
  { keeps, guard }: { keeps: ReadonlySet<string>; guard: LastAdminGuard },
): void {
  const command = extended(COMMAND, ...except.flatMap((id) => ["--except", id]));
  const { deviceId } = actor;
  // A device that revokes all others says so itself: neither is it left in, nor cut off, in silence.
  if (deviceId !== undefined && !keeps.has(deviceId)) {
    throw invalidRequest("that would end the device that asks for it; name it as well", {
      code: "ENDS_CALLER",
      next: extended(command, "--except", deviceId),
    });
  }
  if (guard.othersFor(actor) > 0 || guard.leaves(keeps)) return;
  if (keeps.size === 0) {
    const message =
      "nobody would be left: name the devices that stay (--except DEVICE), or let one in first";
    throw lastAdminRefusal(actor, command, message);
  }
  if (state.admins.size > 0) throw lastAdminRefusal(actor, command);
}

/** Devices are looked at so many at a time. */
const STEP = 1024;

/**
 * The devices with a token that `ends` names, but those that are kept; `undefined` where others may
 * have a turn. They may change meanwhile.
 */
export function* leftOver(
  state: PairingState,
  ends: Ends,
  keeps: ReadonlySet<string>,
): Generator<string | undefined, void> {
  let looked = 0;
  for (const device of state.devices.values()) {
    looked += 1;
    if (looked % STEP === 0) yield undefined;
    if (!keeps.has(device.deviceId) && hasToken(device, ends)) yield device.deviceId;
  }
}
