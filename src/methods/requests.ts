import { openclaw } from "../protocol/command.ts";
import { notSeparable } from "../protocol/errors.ts";
import type { LeftOut } from "../protocol/scopes.ts";
import type { ApprovalRequest } from "../requests/records.ts";
import { pairedRow, pendingRow } from "./device-rows.ts";
import type { Call } from "./method.ts";
import { approvedRow, capabilityRequestRow } from "./nodes-rows.ts";
import type { Services } from "./services.ts";

/** A request as clients get it, with what its device or node has already. */
export function requestRow(request: ApprovalRequest, view: Pick<Services, "nodes" | "pairing">) {
  if (request.kind === "node") return capabilityRequestRow(request, view);
  return pendingRow(request, view.pairing.device(request.deviceId));
}

/**
 * The request that `typed` names, as a row, with the gateway's own key in words.
 * @throws RequestError where there is none that the caller may see
 */
export function shownRequest(typed: string, { actor, services }: Call) {
  const request = services.requests.show(typed, actor);
  const { fingerprint: gatewayFingerprint } = services.identity;
  return { request, row: { ...requestRow(request, services), gatewayFingerprint } };
}

/**
 * Approves what a node declares, exactly as its code says.
 * @throws RequestError where there is none, or the caller may not
 */
export async function approveNode(typed: string, { actor, services }: Call) {
  const { request, record } = await services.nodes.approve(typed, actor);
  const device = services.pairing.device(record.nodeId);
  return { requestId: request.requestId, node: approvedRow(record, device) };
}

/**
 * Approves the request of a device or node that `typed` names, exactly as its code says, but for what is left
 * out of a device's.
 * @throws RequestError where there is none, or the caller may not
 */
export async function approveRequest(typed: string, call: Call, without?: readonly LeftOut[]) {
  const { actor, services } = call;
  if (services.requests.kindOf(typed) === "device") {
    const { request, device } = await services.pairing.approve(typed, actor, without);
    return { requestId: request.requestId, device: pairedRow(device) };
  }
  if (without && without.length > 0) {
    const words = "a node asks to be given commands, and not for the right to run them on others";
    throw notSeparable(words, openclaw`nodes approve ${typed}`);
  }
  const approved = await approveNode(typed, call);
  const device = services.pairing.device(approved.node.nodeId);
  return { ...approved, ...(device && { device: pairedRow(device) }) };
}
