import { type RequestError, unavailable } from "../protocol/errors.ts";
import { derivedUpTo, everyToken, withoutTokens } from "./devices.ts";
import type { Device, PairingState } from "./records.ts";

/**
 * While many tokens are being revoked the state says so from the first commit on. What it says counts
 * at once, whichever tokens are ended already. Pure.
 */

const RETRY_MS = 1000;

/** The refusal of a grant while all devices but some are being revoked. */
export function beingRevoked(): RequestError {
  const message = "all devices but some are being revoked; try again in a moment";
  return unavailable(message, RETRY_MS, { code: "BEING_REVOKED", next: "try again in a moment" });
}

/** @throws RequestError BEING_REVOKED while nothing is granted */
export function refuseWhileRevoking({ revokingAll }: PairingState): void {
  if (revokingAll) throw beingRevoked();
}

/** Whether the device is about to lose its full control by what is decided already. */
export function isEnding(state: PairingState, device: Device): boolean {
  const { revokingAll, revokingDerived } = state;
  if (revokingAll && !revokingAll.keeps.includes(device.deviceId)) return true;
  const { operator } = device.tokens;
  return revokingDerived !== undefined && operator !== undefined
    ? derivedUpTo(revokingDerived.epoch)(operator)
    : false;
}

/**
 * The device as it counts, without the tokens that are about to end: for the end of all from the moment in
 * which it is decided, for those of a shared secret once its change, which may still fail, is durable.
 */
export function asItCounts(
  { working, durable }: { readonly working: PairingState; readonly durable: PairingState },
  device: Device | undefined,
): Device | undefined {
  const { revokingAll } = working;
  const { revokingDerived } = durable;
  if (!device || (!revokingAll && !revokingDerived)) return device;
  if (revokingAll && !revokingAll.keeps.includes(device.deviceId)) {
    return withoutTokens(device, everyToken, revokingAll.atMs) ?? device;
  }
  if (!revokingDerived) return device;
  const { epoch, atMs } = revokingDerived;
  return withoutTokens(device, derivedUpTo(epoch), atMs) ?? device;
}
