import type { Actor } from "../protocol/access.ts";
import { invalidRequest } from "../protocol/errors.ts";
import { hasLiveToken } from "./devices.ts";
import type { Guard } from "./guard.ts";
import { type Device, type Invite, isOpen, type PairingState, type Pending } from "./records.ts";
import { lastWayIn, mayForce } from "./ways-in.ts";

export interface RevokeAllAsk {
  /** Devices that stay as they are. */
  readonly except: readonly string[];
  readonly actor: Actor;
  readonly force?: boolean | undefined;
}

/** What could become a device. */
export interface Asking {
  readonly pending: readonly Pending[];
  /** Links that would still pair somebody. */
  readonly invites: readonly Invite[];
}

/** What revoking all devices but some ends. */
export interface RevokeAllPlan extends Asking {
  readonly keeps: ReadonlySet<string>;
  readonly kept: readonly Device[];
  /** How many devices have a token that is to end, and how many of them are nodes. */
  readonly devices: number;
  readonly nodes: number;
}

const COMMAND = "devices revoke-all";

/** Decides what goes. @throws RequestError where somebody would be left out who was not meant. */
export function planRevokeAll(
  state: PairingState,
  ask: RevokeAllAsk,
  facts: { guard: Guard; now: number },
): RevokeAllPlan {
  const keeps = new Set(ask.except);
  const kept = ask.except.map((id) => keptDevice(state, id));
  const { actor, force } = ask;
  const excepts = ask.except.map((id) => ` --except ${id}`).join("");
  if (!(force && mayForce(actor))) refuseOwnEnd(ask, keeps, excepts);
  const after = (device: Device) => (keeps.has(device.deviceId) ? device : undefined);
  if (keeps.size === 0 && !(force && mayForce(actor)) && facts.guard.othersFor(actor) === 0) {
    const message = "nobody would be left: name the devices that stay (--except DEVICE)";
    throw lastWayIn(actor, COMMAND, message);
  }
  facts.guard.check(after, { actor, force, command: `${COMMAND}${excepts}` });
  let devices = 0;
  let nodes = 0;
  for (const device of state.devices.values()) {
    if (keeps.has(device.deviceId) || !hasLiveToken(device)) continue;
    devices += 1;
    if (state.nodes.has(device.deviceId)) nodes += 1;
  }
  return {
    keeps,
    kept,
    devices,
    nodes,
    ...askingIn(state, facts.now),
  };
}

export function askingIn(state: PairingState, now: number): Asking {
  return {
    pending: [...state.pending.values()],
    invites: [...state.invites.values()].filter((invite) => isOpen(invite, now)),
  };
}

/** One that is misspelt would be ended with all others. */
function keptDevice(state: PairingState, deviceId: string): Device {
  const device = state.devices.get(deviceId);
  if (device) return device;
  throw invalidRequest("unknown deviceId", { cure: "openclaw devices list" });
}

/** A device that revokes all others says so itself: neither is it left in, nor cut off, in silence. */
function refuseOwnEnd({ actor }: RevokeAllAsk, keeps: ReadonlySet<string>, excepts: string): void {
  const { deviceId } = actor;
  if (deviceId === undefined || keeps.has(deviceId)) return;
  throw invalidRequest("that would end the device that asks for it; name it as well", {
    code: "ENDS_CALLER",
    cure: `openclaw ${COMMAND}${excepts} --except ${deviceId}`,
  });
}

/** Who still has a token; `last` comes at the end, because it waits for the answer. */
export function leftOver(
  state: PairingState,
  keeps: ReadonlySet<string>,
  last: string | undefined,
): string[] {
  const ids: string[] = [];
  for (const device of state.devices.values()) {
    const { deviceId } = device;
    if (keeps.has(deviceId) || deviceId === last || !hasLiveToken(device)) continue;
    ids.push(deviceId);
  }
  const asker = last === undefined || keeps.has(last) ? undefined : state.devices.get(last);
  return asker && hasLiveToken(asker) ? [...ids, asker.deviceId] : ids;
}
