import { heldRoles, heldScopes } from "../pairing/authority.ts";
import type { Device } from "../pairing/records.ts";
import type { DeviceRequest } from "../requests/records.ts";
import type { Durability } from "../store/shape.ts";

/**
 * A pending row as clients get it (docs/methods.md#devicepairlist). `device`: its record, if it is
 * paired already; what it may do now is this gateway's addition, so that the owner sees what would
 * be new.
 */
export function pendingRow(request: DeviceRequest, device: Device | undefined) {
  const { kind: _kind, nonce: _nonce, source: _source, secretEpoch: _epoch, ...rest } = request;
  const { expiresAtMs, ...row } = rest;
  const label = device?.label;
  return {
    ...row,
    ...(label !== undefined && { operatorLabel: label }),
    ...(device && { approvedRoles: heldRoles(device), approvedScopes: heldScopes(device) }),
    silent: false as const,
    expiresAtMs,
  };
}

/** A paired row as clients get it; no token values, generations or approved baseline. */
export function pairedRow(device: Device) {
  const { label, tokens, roles, ...row } = device;
  return {
    ...row,
    ...(label !== undefined && { operatorLabel: label }),
    role: roles[0],
    roles,
    tokens: Object.entries(tokens).map(([role, token]) => ({
      role,
      scopes: token.scopes,
      createdAtMs: token.createdAtMs,
      ...(token.rotatedAtMs !== undefined && { rotatedAtMs: token.rotatedAtMs }),
      ...(token.revokedAtMs !== undefined && { revokedAtMs: token.revokedAtMs }),
    })),
  };
}

interface NotDurable {
  readonly durable?: false;
  readonly reason?: string | undefined;
}

/** Said only where a change is in force but not on disk (docs/protocol.md#requests). */
export function durability({ durable, reason }: Durability): NotDurable {
  return durable ? {} : { durable: false, reason };
}
