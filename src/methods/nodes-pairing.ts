import { PAIRING } from "../protocol/access.ts";
import { denied, RequestError } from "../protocol/errors.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { mayManage } from "../requests/authority.ts";
import { askerOf } from "../requests/records.ts";
import { durability } from "./device-rows.ts";
import { type Call, method } from "./method.ts";
import { unknownNode } from "./nodes-list.ts";
import { approveNode } from "./requests.ts";
import * as results from "./results/devices.ts";

const access = { roles: ["operator"], scope: PAIRING } as const;

export const approve = method({
  name: "node.pair.approve",
  summary:
    "Approves what a node offers, by its code. Commands take `operator.nodes` besides; those that run programs or read files take `operator.admin`.",
  access,
  params: wireSchemas.nodePairApprove,
  result: results.nodeApproved,
  run: ({ requestId }, call) =>
    call.services.codes.try(call.actor, () => approveNode(requestId, call)),
});

export const reject = method({
  name: "node.pair.reject",
  summary: "Rejects what a node offers, by its code; what was approved before goes on working.",
  access,
  params: wireSchemas.nodePairReject,
  result: () => t.object({ requestId: t.string(), nodeId: t.string() }, results.durability()),
  run: ({ requestId: typed }, { actor, services }) =>
    services.codes.try(actor, async () => {
      const { request, ...outcome } = await services.requests.reject(typed, actor, "node");
      return { requestId: request.requestId, nodeId: askerOf(request), ...durability(outcome) };
    }),
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
  if (!mayManage(actor, nodeId)) throw denied("node pairing removal denied");
  const device = pairing.device(nodeId);
  if (!device || pairing.nodePairing(nodeId) === undefined) throw unknownNode();
  const alone = device.roles.every((role) => role === "node");
  const outcome = alone
    ? await pairing.remove(nodeId, actor)
    : await pairing.revoke({ deviceId: nodeId, role: "node", actor }).catch((error) => {
        if (!(error instanceof RequestError)) throw error;
        throw denied("node pairing removal denied");
      });
  return { nodeId, ...durability(outcome) };
}

export const nodePairingMethods = [approve, reject, remove];
