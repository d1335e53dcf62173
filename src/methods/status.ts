import { READ } from "../protocol/access.ts";
import { limitTable } from "../protocol/limits.ts";
import { type Call, method } from "./method.ts";
import { stability } from "./stability.ts";

/** Figures of the state folder. */
export interface StoreFigures {
  readonly ok: boolean;
  readonly commits: number;
  readonly journalBytes: number;
  readonly lastError?: string;
}

const everyone = ["operator", "node"] as const;

export const health = method({
  name: "health",
  summary: "The cached health summary. Needs no scope.",
  access: { roles: everyone },
  run: (_params, { services }) => services.health.summary,
});

export const systemPresence = method({
  name: "system-presence",
  summary: "Who is connected: this gateway first, then clients, newest last.",
  access: { roles: ["operator"], scope: READ },
  run: (_params, { services }) => services.presence.list,
});

export const status = method({
  name: "status",
  summary: "State of the gateway: connections, pairing, store, limits and refusals.",
  access: { roles: ["operator"], scope: READ },
  run: (_params, { services }) => ({
    runtimeVersion: services.lifecycle.info.version,
    heartbeat: { defaultAgentId: "main", agents: [] },
    channelSummary: [],
    queuedSystemEvents: [],
    tasks: { total: 0, active: 0, terminal: 0, failures: 0, byStatus: {}, byRuntime: {} },
    taskAudit: { total: 0, warnings: 0, errors: 0, byCode: {} },
    sessions: {
      paths: [],
      count: 0,
      defaults: { model: null, contextTokens: null },
      recent: [],
      byAgent: [],
    },
    gateway: gatewayFigures(services),
  }),
});

function gatewayFigures(services: Call["services"]) {
  const { connections, lifecycle, world } = services;
  return {
    fingerprint: services.identity.fingerprint,
    deviceId: services.identity.deviceId,
    startedAtMs: lifecycle.info.startedAtMs,
    uptimeMs: world.now() - lifecycle.info.startedAtMs,
    listening: lifecycle.info.listening,
    connections: {
      ...connections.byRole(),
      waiting: connections.waiting(),
      unauthenticated: connections.unauthenticated(),
    },
    pairing: services.pairing.counts(),
    store: services.store(),
    closes: connections.closes(),
    warnings: lifecycle.info.warnings,
    limits: Object.fromEntries(
      Object.entries(limitTable).map(([name, { value, unit }]) => [name, { value, unit }]),
    ),
  };
}

export const identity = method({
  name: "gateway.identity.get",
  summary: "The gateway's own device id, public key and fingerprint.",
  access: { roles: ["operator"], scope: READ },
  run: (_params, { services }) => ({
    deviceId: services.identity.deviceId,
    publicKey: services.identity.publicKey,
    fingerprint: services.identity.fingerprint,
  }),
});

export const statusMethods = [health, systemPresence, status, stability, identity];
