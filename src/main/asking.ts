import { cleanText } from "../lib/text.ts";
import { pendingRow } from "../methods/device-rows.ts";
import { surfaceRequestRow } from "../methods/nodes-rows.ts";
import type { CapabilityRequest } from "../nodes/records.ts";
import type { Asking } from "../notify/asking.ts";
import type { Pending } from "../pairing/records.ts";
import { grantedIn } from "../words/capabilities.ts";
import { clientKind, deviceName } from "../words/device.ts";
import { keyWords } from "../words/key.ts";
import { askWords } from "../words/request-kinds.ts";
import type { Core } from "./core.ts";

/** A device's request as the webhook tells it. */
export function deviceAsking(core: Core, pending: Pending): Asking {
  const { requestId, deviceId, roles, scopes, ts, expiresAtMs, remoteIp } = pending;
  const { scopeChars } = core.limits;
  const device = core.pairing.device(deviceId);
  return {
    kind: "device",
    requestId,
    name: device?.label ?? deviceName(pending),
    client: clientKind(pending),
    address: remoteIp,
    deviceId,
    key: keyWords(deviceId),
    roles,
    scopes: scopes.map((scope) => cleanText(scope, scopeChars) ?? "-"),
    ...askWords(pendingRow(pending, device)),
    known: device !== undefined,
    askedAtMs: ts,
    expiresAtMs,
  };
}

/** What a node offers, as the webhook tells it. */
export function nodeAsking(core: Core, request: CapabilityRequest): Asking {
  const { requestId, nodeId, commands, caps, permissions, ts, remoteIp } = request;
  return {
    kind: "node",
    requestId,
    name: core.pairing.device(nodeId)?.label ?? deviceName({ ...request, deviceId: nodeId }),
    client: clientKind(request),
    address: remoteIp,
    deviceId: nodeId,
    key: keyWords(nodeId),
    roles: ["node"],
    scopes: [],
    commands,
    caps,
    permissions: grantedIn(permissions),
    ...askWords(surfaceRequestRow(request, core)),
    known: true,
    askedAtMs: ts,
  };
}
