import { cleanText, keyWords } from "../lib/text.ts";
import type { SurfaceRequest } from "../nodes/records.ts";
import { surfaceWords } from "../nodes/surface.ts";
import type { Asking } from "../notify/asking.ts";
import type { DeviceText, Pending } from "../pairing/records.ts";
import { ADMIN, scopeWords } from "../protocol/access.ts";
import { clientWords } from "../protocol/client-words.ts";
import type { Core } from "./core.ts";

const SCOPE_CHARS = 128;

/** A device's request as the webhook tells it. */
export function deviceAsking(core: Core, pending: Pending): Asking {
  const { requestId, deviceId, roles, scopes, ts, expiresAtMs, remoteIp } = pending;
  const device = core.pairing.device(deviceId);
  return {
    kind: "device",
    requestId,
    name: device?.label ?? nameOf(pending),
    client: clientOf(pending),
    address: remoteIp,
    deviceId,
    key: keyWords(deviceId),
    roles,
    scopes: scopes.map((scope) => cleanText(scope, SCOPE_CHARS) ?? "-"),
    asks: roles.map((role) => (role === "operator" ? operatorWords(scopes) : role)).join(" and "),
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
    name: core.pairing.device(nodeId)?.label ?? nameOf(request),
    client: clientOf(request),
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

type Text = Pick<DeviceText, "displayName" | "clientId" | "platform" | "deviceFamily">;

function nameOf({ displayName, clientId }: Text): string {
  return cleanText(displayName) ?? cleanText(clientId) ?? "unnamed device";
}

function clientOf({ clientId, deviceFamily, platform }: Text): string {
  const kind = clientWords[clientId] ?? cleanText(clientId);
  const parts = [kind, cleanText(deviceFamily), cleanText(platform)];
  return parts.filter((part) => part !== undefined).join(", ") || "unknown client";
}

/** Known scopes in their own order, unknown ones as a number: nobody can push one out of sight. */
function operatorWords(scopes: readonly string[]): string {
  if (scopes.includes(ADMIN)) return `operator: ${scopeWords[ADMIN]}`;
  const known = Object.entries(scopeWords).filter(([scope]) => scopes.includes(scope));
  const words = known.map(([, what]) => what);
  const unknown = scopes.length - known.length;
  if (unknown > 0) words.push(`${unknown} unknown scope${unknown === 1 ? "" : "s"}`);
  return words.length === 0 ? "operator without any scope" : `operator: ${words.join(", ")}`;
}
