import { cleanText } from "../lib/text.ts";
import type { Limits } from "../limits/table.ts";
import type { Nodes } from "../nodes/nodes.ts";
import type { CapabilityRequest } from "../nodes/records.ts";
import type { Asking } from "../notify/asking.ts";
import type { Pairing } from "../pairing/pairing.ts";
import type { Pending } from "../pairing/records.ts";
import { grantedIn } from "../words/capabilities.ts";
import { clientKind, deviceName } from "../words/device.ts";
import { keyWords } from "../words/key.ts";
import { askWords } from "../words/request-card.ts";
import { pendingRow } from "./device-rows.ts";
import { surfaceRequestRow } from "./nodes-rows.ts";

/** Where the rest of what a request says is looked up. */
export interface AskingView {
  readonly pairing: Pairing;
  readonly nodes: Nodes;
  readonly limits: Pick<Limits, "scopeChars">;
}

/** A device's request as the webhook tells it. */
export function deviceAsking(view: AskingView, pending: Pending): Asking {
  const { requestId, deviceId, roles, scopes, ts, expiresAtMs, remoteIp } = pending;
  const { scopeChars } = view.limits;
  const device = view.pairing.device(deviceId);
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
export function nodeAsking(view: AskingView, request: CapabilityRequest): Asking {
  const { requestId, nodeId, commands, caps, permissions, ts, remoteIp } = request;
  return {
    kind: "node",
    requestId,
    name: view.pairing.device(nodeId)?.label ?? deviceName({ ...request, deviceId: nodeId }),
    client: clientKind(request),
    address: remoteIp,
    deviceId: nodeId,
    key: keyWords(nodeId),
    roles: ["node"],
    scopes: [],
    commands,
    caps,
    permissions: grantedIn(permissions),
    ...askWords(surfaceRequestRow(request, view)),
    known: true,
    askedAtMs: ts,
  };
}
