import { type Role, roles } from "../protocol/access.ts";
import type {
  Device,
  EndedDevice,
  PairingChange,
  PairingEvent,
  PairingState,
  TokenRecord,
} from "./records.ts";

/** What follows from `change`, which is about to be applied to `state`. Pure. */
export function pairingEvents(state: PairingState, change: PairingChange): readonly PairingEvent[] {
  switch (change.op) {
    case "device":
      return deviceEvents(state.devices.get(change.device.deviceId), change);
    case "device-gone": {
      const { deviceId } = change;
      if (!state.devices.has(deviceId)) return [];
      return [{ name: "ended", end: { deviceId, why: "removed" } }];
    }
    case "invite":
      return [{ name: "link", invite: change.invite }];
    case "revoking-all":
      return [{ name: "ending", revoking: change }];
    default:
      return [];
  }
}

function deviceEvents(
  before: Device | undefined,
  { device, many }: Extract<PairingChange, { op: "device" }>,
): PairingEvent[] {
  if (!before) return [];
  const ends = endedTokens(before, device).map((end): PairingEvent => {
    return { name: "ended", end: { ...end, ...(many && { many }) } };
  });
  return before.label === device.label ? ends : [{ name: "renamed", device }, ...ends];
}

/** Which tokens ended by it that `after` takes the place of `before`: where all did, the device as a whole. */
function endedTokens(before: Device, after: Device): EndedDevice[] {
  const { deviceId } = after;
  const live = roles.filter((role) => isLive(before.tokens[role]));
  const ends = live.flatMap((role): { role: Role; why: "rotated" | "revoked" }[] => {
    const why = endOf(before.tokens[role], after.tokens[role]);
    return why ? [{ role, why }] : [];
  });
  const whole = ends.length > 1 && ends.length === live.length;
  if (whole && ends.every(({ why }) => why === "revoked")) return [{ deviceId, why: "revoked" }];
  return ends.map((end) => ({ deviceId, ...end }));
}

function isLive(token: TokenRecord | undefined): boolean {
  return token !== undefined && token.revokedAtMs === undefined;
}

function endOf(
  before: TokenRecord | undefined,
  after: TokenRecord | undefined,
): "rotated" | "revoked" | undefined {
  if (!after || after.revokedAtMs !== undefined) return "revoked";
  return after.generation === before?.generation ? undefined : "rotated";
}
