import { auditOf, offerFacts } from "../audit/events.ts";
import { approvalScopes } from "../nodes/capabilities.ts";
import type { CapabilityRequest } from "../nodes/records.ts";
import { holdsEverything, mayLetIn, mayManage } from "../pairing/authority.ts";
import { firstMissing, PAIRING } from "../protocol/access.ts";
import { invalidRequest, missingScope, RequestError, unknownCode } from "../protocol/errors.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { durability } from "./device-rows.ts";
import { type Call, method } from "./method.ts";
import { unknownNode } from "./nodes-list.ts";
import { approvedRow, surfaceRequestRow } from "./nodes-rows.ts";
import * as results from "./results/devices.ts";

const access = { roles: ["operator"], scope: PAIRING } as const;

/** The request that `typed` names, if the caller may decide on it. */
function requestFor(typed: string, { actor, services }: Call, denied: string): CapabilityRequest {
  const request = services.nodes.find(typed);
  if (!mayManage(actor, request.nodeId)) throw unknownCode(denied);
  return request;
}

/** One request by its code. */
export function showCapabilities(typed: string, call: Call) {
  const request = requestFor(typed, call, "node pairing request denied");
  return surfaceRequestRow(request, call.services);
}

/**
 * Approves a node's declared capabilities, exactly as the code says.
 * @throws RequestError for an unknown code, and where the caller may not approve them
 */
export async function approveCapabilities(typed: string, call: Call) {
  const denied = "node pairing approval denied";
  const request = requestFor(typed, call, denied);
  const { actor, services } = call;
  const required = approvalScopes(request.commands);
  if (!mayLetIn(actor, "node") && actor.approves) {
    throw invalidRequest("node pairing approval denied");
  }
  const missing = holdsEverything(actor) ? undefined : firstMissing(actor.scopes, required);
  if (missing !== undefined) throw missingScope(missing, required);
  const event = auditOf("node.approved", actor, surfaceFacts(request));
  const record = await services.nodes.approve(request.requestId, event);
  const node = approvedRow(record, services.pairing.device(record.nodeId));
  return { requestId: request.requestId, node };
}

export async function rejectCapabilities(typed: string, call: Call) {
  const denied = "node pairing rejection denied";
  const request = requestFor(typed, call, denied);
  const { actor, services } = call;
  const { requestId, nodeId } = request;
  const event = auditOf("node.rejected", actor, surfaceFacts(request));
  const outcome = await services.nodes.reject(requestId, event);
  return { requestId, nodeId, ...durability(outcome) };
}

function surfaceFacts({ requestId, nodeId, ...surface }: CapabilityRequest) {
  return { request: requestId, device: nodeId, ...offerFacts(surface) };
}

export const approve = method({
  name: "node.pair.approve",
  summary:
    "Approves what a node offers, by its code. Commands take `operator.write` besides; those that run programs or read files take `operator.admin`.",
  access,
  params: wireSchemas.nodePairApprove,
  result: results.nodeApproved,
  run: ({ requestId }, call) =>
    call.services.codes.try(call.actor, () => approveCapabilities(requestId, call)),
});

export const reject = method({
  name: "node.pair.reject",
  summary: "Rejects what a node offers, by its code; what was approved before goes on working.",
  access,
  params: wireSchemas.nodePairReject,
  result: () => t.object({ requestId: t.string(), nodeId: t.string() }, results.durability()),
  run: ({ requestId }, call) =>
    call.services.codes.try(call.actor, () => rejectCapabilities(requestId, call)),
});

export const remove = method({
  name: "node.pair.remove",
  summary:
    "Takes a device's role as a node away, with all that was approved; it is closed at once.",
  access,
  params: wireSchemas.nodePairRemove,
  result: () => t.object({ nodeId: t.string() }, results.durability()),
  run: ({ nodeId }, call) => removeNode(nodeId, call),
});

/** A device that is a node alone is removed; one that is an operator too stays one. */
async function removeNode(nodeId: string, { actor, services }: Call) {
  const { pairing } = services;
  if (!mayManage(actor, nodeId)) throw invalidRequest("node pairing removal denied");
  const device = pairing.device(nodeId);
  if (!device || pairing.nodePairing(nodeId) === undefined) throw unknownNode();
  const alone = device.roles.every((role) => role === "node");
  const outcome = alone
    ? await pairing.remove(nodeId, actor)
    : await pairing.revoke({ deviceId: nodeId, role: "node", actor }).catch((error) => {
        if (!(error instanceof RequestError)) throw error;
        throw invalidRequest("node pairing removal denied");
      });
  return { nodeId, ...durability(outcome) };
}

export const nodePairingMethods = [approve, reject, remove];
