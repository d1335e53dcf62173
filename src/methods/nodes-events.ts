import type { HostStats } from "../nodes/records.ts";
import type { NodeSession } from "../nodes/sessions.ts";
import type { JsonSchema } from "../protocol/json-schema.ts";
import { validator } from "../protocol/schemas.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { type Call, method } from "./method.ts";
import { approvedSession } from "./nodes-common.ts";

type EventParams = t.ValueOf<typeof wireSchemas.nodeEvent>;

type EventOutcome = { handled: boolean; reason: string };
type Handler = (payload: Record<string, unknown>, session: NodeSession, call: Call) => Handled;
type Handled = EventOutcome | Promise<EventOutcome>;

export const event = method({
  name: "node.event",
  summary: "Something a node reports: figures of its machine, or when its person was active.",
  access: { roles: ["node"] },
  params: wireSchemas.nodeEvent,
  result: () =>
    t.object({
      ok: t.exactly(true),
      event: t.string(),
      handled: t.boolean(),
      reason: t.string(),
    }),
  run: async (params, call) => {
    const session = approvedSession(call, "event");
    const handler = handlers[params.event];
    const payload = handler && payloadOf(params);
    const outcome = !handler
      ? { handled: false, reason: "unsupported_event" }
      : payload
        ? await handler(payload, session, call)
        : { handled: false, reason: "invalid_payload" };
    return { ok: true as const, event: params.event.slice(0, 128), ...outcome };
  },
});

function payloadOf({ payload, payloadJSON }: EventParams): Record<string, unknown> | undefined {
  try {
    const value: unknown = payloadJSON === undefined ? payload : JSON.parse(payloadJSON);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const bytes = { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
const statsSchema: JsonSchema = {
  type: "object",
  required: ["cpuCount", "memoryTotalBytes", "memoryFreeBytes"],
  properties: {
    cpuCount: { type: "integer", minimum: 1, maximum: 4096 },
    loadAverage: {
      type: "array",
      minItems: 3,
      maxItems: 3,
      items: { type: "number", minimum: 0, maximum: 100_000 },
    },
    memoryTotalBytes: bytes,
    memoryFreeBytes: bytes,
    diskTotalBytes: bytes,
    diskAvailableBytes: bytes,
  },
};
const statsProblem = validator(statsSchema);

const hostStats: Handler = (payload, session, { services }) => {
  if (statsProblem(payload)) return { handled: false, reason: "invalid_payload" };
  const known = Object.keys(statsSchema["properties"] as object);
  // Its shape was checked above.
  const stats = Object.fromEntries(
    known.filter((name) => name in payload).map((name) => [name, payload[name]]),
  ) as unknown as Omit<HostStats, "updatedAtMs">;
  const { nodeId } = session;
  const latest = { ...stats, updatedAtMs: services.world.now() };
  session.hostStats = latest;
  const told = services.nodes.tell(session, "node.hostStats", { nodeId, hostStats: latest });
  // A node that floods is written down once more when it goes.
  if (told) services.nodes.note(nodeId, { hostStats: latest });
  return { handled: true, reason: "updated" };
};

const MAX_IDLE_SECONDS = 30 * 24 * 60 * 60;

const activity: Handler = (payload, session, { services }) => {
  const { nodeId } = session;
  const { idleSeconds } = payload;
  if (payload["action"] === "clear") {
    const was = session.activity;
    session.activity = undefined;
    const cleared = { nodeId, lastActiveAtMs: null, presenceUpdatedAtMs: null };
    if (was) services.nodes.tell(session, "node.presence", cleared);
    return { handled: true, reason: was ? "cleared" : "already_clear" };
  }
  const fits = typeof idleSeconds === "number" && Number.isInteger(idleSeconds);
  if (!fits || idleSeconds < 0 || idleSeconds > MAX_IDLE_SECONDS) {
    return { handled: false, reason: "invalid_payload" };
  }
  const now = services.world.now();
  session.activity = { lastActiveAtMs: now - idleSeconds * 1000, presenceUpdatedAtMs: now };
  services.nodes.tell(session, "node.presence", { nodeId, ...session.activity });
  return { handled: true, reason: "updated" };
};

const triggers = [
  "background",
  "silent_push",
  "bg_app_refresh",
  "significant_location",
  "manual",
  "connect",
];
/** One sign of life of a node a minute is worth the disk. */
const ALIVE_MS = 60_000;

const alive: Handler = async (payload, { nodeId }, { services }) => {
  const now = services.world.now();
  const last = services.nodes.record(nodeId)?.lastSeenAtMs ?? 0;
  if (Math.abs(now - last) < ALIVE_MS) return { handled: true, reason: "throttled" };
  const trigger = triggers.find((name) => name === payload["trigger"]);
  await services.nodes.saw(nodeId, trigger ?? "background");
  return { handled: true, reason: "persisted" };
};

const handlers: Readonly<Record<string, Handler>> = {
  __proto__: null as never,
  "node.host.stats": hostStats,
  "node.presence.activity": activity,
  "node.presence.alive": alive,
};

export const nodeEventMethods = [event];
