import { deriveToken } from "../auth/tokens.ts";
import { cleanText } from "../lib/text.ts";
import { leftOutScopes, PAIRING, scopesProblem } from "../protocol/access.ts";
import { invalidRequest } from "../protocol/errors.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { askerOf } from "../requests/records.ts";
import { list } from "./device-list.ts";
import { durability } from "./device-rows.ts";
import { type Call, method } from "./method.ts";
import { approveRequest, shownRequest } from "./requests.ts";
import * as results from "./results/devices.ts";

const access = { roles: ["operator"], scope: PAIRING } as const;

/** This gateway's addition: an owner may end the last remaining admin, and says so. */
const force = { force: t.boolean() };

/** And what an approval leaves out: the right to run commands on nodes. */
const without = { without: t.array(t.oneOf(...leftOutScopes)) };

export const show = method({
  name: "device.pair.show",
  summary:
    "One request by its code, of a device or of a node: who asks, from where, for what, what it may do already; and the gateway's own key in words.",
  access,
  params: wireSchemas.devicePairApprove,
  result: results.shownRequest,
  run: ({ requestId }, call) =>
    call.services.codes.try(call.actor, () => shownRequest(requestId, call).row),
});

export const approve = method({
  name: "device.pair.approve",
  summary:
    "Approves a request by its code: exactly what it says, but for what `without` leaves out. A code of `node.pair.list` is approved too: people have one list in their heads.",
  access,
  params: t.withOptional(wireSchemas.devicePairApprove, without),
  result: results.deviceApproved,
  run: ({ requestId, without }, call) =>
    call.services.codes.try(call.actor, () => approveRequest(requestId, call, without)),
});

export const reject = method({
  name: "device.pair.reject",
  summary: "Rejects a request by its code.",
  access,
  params: wireSchemas.devicePairReject,
  result: () => t.object({ requestId: t.string(), deviceId: t.string() }, results.durability()),
  run: ({ requestId }, call) =>
    call.services.codes.try(call.actor, () => rejectAny(requestId, call)),
});

async function rejectAny(code: string, { actor, services }: Call) {
  const { request, ...outcome } = await services.requests.reject(code, actor);
  return { requestId: request.requestId, deviceId: askerOf(request), ...durability(outcome) };
}

export const remove = method({
  name: "device.pair.remove",
  summary:
    "Removes a paired device; its connections close at once. The last way in with full control takes `force`.",
  access,
  params: t.withOptional(wireSchemas.devicePairRemove, force),
  result: () => t.object({ deviceId: t.string() }, results.durability()),
  run: async ({ deviceId, force }, { actor, services }) => {
    const outcome = await services.pairing.remove(deviceId, actor, force);
    return { deviceId, ...durability(outcome) };
  },
});

export const rename = method({
  name: "device.pair.rename",
  summary: "Gives a paired device the owner's own name for it.",
  access,
  params: wireSchemas.devicePairRename,
  result: () => t.object({ deviceId: t.string(), label: t.string() }),
  run: async (params, { actor, services }) => {
    const label = cleanText(params.label);
    if (label === undefined) throw invalidRequest("label required");
    await services.pairing.rename({ deviceId: params.deviceId, label, actor });
    return { deviceId: params.deviceId, label };
  },
});

export const rotate = method({
  name: "device.token.rotate",
  summary:
    "Makes a new token for a device; the old one ends and its connections close. With fewer `scopes` it gets no more, not by the shared secret either, until it is approved for more or rotated again, to at most what was approved. To take full control from the last way in takes `force`.",
  access,
  params: t.withOptional(wireSchemas.deviceTokenRotate, force),
  result: () =>
    t.object(
      {
        deviceId: t.string(),
        role: results.role(),
        scopes: results.strings(),
        tokenDelivery: t.oneOf("in-band", "withheld-cross-device"),
      },
      { rotatedAtMs: t.integer(), token: t.string() },
    ),
  run: async (params, { actor, services }) => {
    const problem = scopesProblem(params.scopes ?? [], services.limits);
    if (problem) throw invalidRequest(`invalid device.token.rotate params: ${problem}`);
    const { role, token } = await services.pairing.rotate({ ...params, actor });
    const result = {
      deviceId: params.deviceId,
      role,
      scopes: token.scopes,
      rotatedAtMs: token.rotatedAtMs,
    };
    const own = actor.method === "device-token" && actor.deviceId === params.deviceId;
    if (!own) return { ...result, tokenDelivery: "withheld-cross-device" as const };
    const facts = { deviceId: params.deviceId, role, generation: token.generation };
    return {
      ...result,
      token: deriveToken(services.tokenKey, facts),
      tokenDelivery: "in-band" as const,
    };
  },
});

export const revoke = method({
  name: "device.token.revoke",
  summary:
    "Ends a device's token and role until the owner approves it again. The last way in with full control takes `force`.",
  access,
  params: t.withOptional(wireSchemas.deviceTokenRevoke, force),
  result: () =>
    t.object(
      { deviceId: t.string(), role: results.role() },
      { revokedAtMs: t.integer(), ...results.durability() },
    ),
  run: async (params, { actor, services }) => {
    const outcome = await services.pairing.revoke({ ...params, actor });
    const { role, token } = outcome;
    const { revokedAtMs } = token;
    return { deviceId: params.deviceId, role, revokedAtMs, ...durability(outcome) };
  },
});

export const deviceMethods = [list, show, approve, reject, remove, rename, rotate, revoke];
