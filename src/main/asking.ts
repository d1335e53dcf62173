import { keyWords } from "../lib/key-words.ts";
import { cleanText } from "../lib/text.ts";
import type { SurfaceRequest } from "../nodes/records.ts";
import { surfaceWords } from "../nodes/surface.ts";
import type { Asking } from "../notify/asking.ts";
import type { Pending } from "../pairing/records.ts";
import { accessWords, clientKind, deviceName } from "../protocol/device-words.ts";
import type { Core } from "./core.ts";

const SCOPE_CHARS = 128;

/** A device's request as the webhook tells it. */
export function deviceAsking(core: Core, pending: Pending): Asking {
  const { requestId, deviceId, roles, scopes, ts, expiresAtMs, remoteIp } = pending;
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
    scopes: scopes.map((scope) => cleanText(scope, SCOPE_CHARS) ?? "-"),
    asks: accessWords({ roles, scopes }),
    known: device !== undefined,
    askedAtMs: ts,
    expiresAtMs,
  };
}

/** What a node offers, as the webhook tells it. */
export function nodeAsking(core: Core, request: SurfaceRequest): Asking {
  const { requestId, nodeId, commands, ts, remoteIp } = request;
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
    asks: surfaceWords(request),
    known: true,
    askedAtMs: ts,
  };
}
