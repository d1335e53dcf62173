import { deriveToken } from "../auth/tokens.ts";
import { sourceKey } from "../lib/net.ts";
import type { Device } from "../pairing/records.ts";
import { READ, scopesProblem } from "../protocol/access.ts";
import { invalidRequest } from "../protocol/errors.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import type { Resolution } from "../requests/records.ts";
import { type Call, method } from "./method.ts";

const access = { roles: ["operator"], scope: READ } as const;

/** The record of the caller's own device; only devices can ask for more scopes. */
function ownDevice({ actor, services }: Call): Device {
  const device = actor.deviceId === undefined ? undefined : services.pairing.device(actor.deviceId);
  if (!device) throw invalidRequest("scope upgrade needs a paired device");
  return device;
}

export const requestUpgrade = method({
  name: "device.scopes.requestUpgrade",
  summary: "Asks the owner for more scopes; the connection keeps what it has meanwhile.",
  access,
  params: wireSchemas.scopeUpgradeRequest,
  result: () => t.object({ requestId: t.string() }),
  run: async ({ scopes }, call) => {
    const device = ownDevice(call);
    const problem = scopesProblem(scopes, call.services.limits);
    if (problem) throw invalidRequest(`invalid device.scopes.requestUpgrade params: ${problem}`);
    const { deviceId, publicKey } = device;
    const pending = await call.services.pairing.request({
      deviceId,
      publicKey,
      role: "operator",
      scopes,
      text: device,
      source: device.remoteIp === undefined ? `device:${deviceId}` : sourceKey(device.remoteIp),
    });
    return { requestId: pending.requestId };
  },
});

const decided = () =>
  t.either(
    t.object({
      status: t.exactly("approved"),
      requestId: t.string(),
      deviceToken: t.string(),
      scopes: t.array(t.string()),
    }),
    t.object({ status: t.oneOf("rejected", "expired"), requestId: t.string() }),
  );

type Decided = t.Sendable<t.ValueOf<typeof decided>>;

export const waitUpgrade = method({
  name: "device.scopes.waitUpgrade",
  summary: "Answers when the owner has decided on a scope upgrade.",
  access,
  params: wireSchemas.scopeUpgradeWait,
  result: decided,
  patient: true,
  run: ({ requestId }, call) => {
    const device = ownDevice(call);
    const outcome = outcomeNow(requestId, device.deviceId, call);
    return outcome ?? waitFor(requestId, device.deviceId, call);
  },
});

/** The answer where there is nothing left to wait for; `undefined` while the request waits. */
function outcomeNow(requestId: string, deviceId: string, call: Call) {
  const { requests } = call.services;
  // Of others' requests it says nothing: otherwise codes could be guessed here.
  if (requests.isPending(requestId, deviceId)) return undefined;
  const why = requests.resolution(requestId, deviceId) ?? "expired";
  return why === "approved" ? approved(requestId, deviceId, call) : refused(requestId, why);
}

function waitFor(requestId: string, deviceId: string, call: Call): Promise<Decided> {
  return new Promise((resolve) => {
    let forgetEnd = () => {};
    const finish = (answer: Decided) => {
      stopListening();
      forgetEnd();
      resolve(answer);
    };
    const stopListening = call.services.requests.listen((event) => {
      if (event.name !== "resolved" || event.request.requestId !== requestId) return;
      const { why } = event;
      finish(why === "approved" ? approved(requestId, deviceId, call) : refused(requestId, why));
    });
    forgetEnd = call.onEnd(() => finish(refused(requestId, "expired")));
  });
}

function refused(requestId: string, why: Resolution): Decided {
  return { status: why === "rejected" ? "rejected" : "expired", requestId };
}

function approved(requestId: string, deviceId: string, { services }: Call): Decided {
  const token = services.pairing.device(deviceId)?.tokens.operator;
  if (!token) return refused(requestId, "rejected");
  const facts = { deviceId, role: "operator" as const, generation: token.generation };
  return {
    status: "approved",
    requestId,
    deviceToken: deriveToken(services.tokenKey, facts),
    scopes: token.scopes,
  };
}

export const scopeMethods = [requestUpgrade, waitUpgrade];
