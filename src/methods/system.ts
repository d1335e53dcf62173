import type { PresenceEntry } from "../events/presence.ts";
import { cleanText } from "../lib/text.ts";
import { ADMIN, READ } from "../protocol/access.ts";
import { invalidRequest } from "../protocol/errors.ts";
import * as t from "../protocol/typed-schema.ts";
import { agentSchemas } from "../protocol/wire-schemas.ts";
import { type Call, method } from "./method.ts";
import * as results from "./results/status.ts";

const read = { roles: ["operator"], scope: READ } as const;

export const systemInfo = method({
  name: "system.info",
  summary: "The machine and the process: system, processors, memory, disk, uptime.",
  access: read,
  result: results.machine,
  run: async (_params, { services }) => {
    const { pid, uptimeMs } = services.lifecycle.info;
    return {
      ...(await services.machine()),
      pid,
      uptimeMs,
    };
  },
});

export const updateStatus = method({
  name: "update.status",
  summary: "Whether an update is known. This gateway looks for none by itself.",
  access: { roles: ["operator"], scope: ADMIN },
  params: agentSchemas.updateStatus,
  result: () => t.wire("UpdateStatusResult"),
  run: () => ({
    sentinel: null,
    updateAvailable: null,
    schedule: { channel: "stable", autoEnabled: false },
  }),
});

const texts = t.array(t.string());

const beaconParams = t.object(
  { text: t.string() },
  {
    sessionKey: t.string(),
    wake: t.boolean(),
    deviceId: t.string(),
    instanceId: t.string(),
    host: t.string(),
    ip: t.string(),
    mode: t.string(),
    version: t.string(),
    platform: t.string(),
    deviceFamily: t.string(),
    modelIdentifier: t.string(),
    lastInputSeconds: t.number(),
    reason: t.string(),
    roles: texts,
    scopes: texts,
    tags: texts,
  },
);

type BeaconParams = t.ValueOf<typeof beaconParams>;

export const systemEvent = method({
  name: "system-event",
  summary:
    "Says how a client is, for the presence list: who sends it is known, so a `deviceId` of another device, `roles` and `scopes` count for nothing. With `wake` or a `sessionKey` it is for the agent.",
  access: { roles: ["operator"], scope: ADMIN },
  params: beaconParams,
  result: () => t.object({ ok: t.exactly(true) }),
  run: (params, { actor, connId, services }) => {
    const text = cleanText(params.text, services.limits.clientTextChars);
    if (text === undefined) throw invalidRequest("text required");
    const { sessionKey, wake = false } = params;
    if (wake || sessionKey) services.agent.tell({ text, sessionKey });
    const said = saidIn(params, services);
    const sender = actor.deviceId ?? "";
    services.presence.beacon({ connId, sender, said: { ...said, text } });
    return { ok: true as const };
  },
});

/** What a client says of itself, cleaned; what is known of it otherwise stands as it is. */
function saidIn(params: BeaconParams, { world, limits }: Call["services"]): PresenceEntry {
  const { lastInputSeconds: idle, tags } = params;
  const listed = tags?.slice(0, limits.beaconTags).flatMap((tag) => cleanText(tag) ?? []);
  return {
    ts: world.now(),
    host: cleanText(params.host),
    ip: cleanText(params.ip),
    mode: cleanText(params.mode),
    version: cleanText(params.version),
    platform: cleanText(params.platform),
    deviceFamily: cleanText(params.deviceFamily),
    modelIdentifier: cleanText(params.modelIdentifier),
    instanceId: cleanText(params.instanceId),
    reason: cleanText(params.reason),
    lastInputSeconds: idle !== undefined && idle >= 0 ? Math.round(idle) : undefined,
    tags: listed,
  };
}

export const systemMethods = [systemInfo, systemEvent, updateStatus];
