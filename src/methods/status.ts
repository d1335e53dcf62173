import { limitTable } from "../limits/table.ts";
import { READ } from "../protocol/access.ts";
import { noteFields } from "../protocol/note.ts";
import * as t from "../protocol/typed-schema.ts";
import { OPENCLAW_VERSION } from "../protocol/versions.ts";
import { type Call, method } from "./method.ts";
import * as results from "./results/status.ts";
import { stability } from "./stability.ts";

const MOST_SHARED = 8;
const everyone = ["operator", "node"] as const;

export const health = method({
  name: "health",
  summary:
    "The health summary, at most a second old; with `probe` made and measured now. Needs no scope.",
  access: { roles: everyone },
  params: t.object({}, { probe: t.boolean() }),
  result: results.health,
  run: ({ probe }, { services }) => (probe ? services.health.probe() : services.health.summary),
});

export const systemPresence = method({
  name: "system-presence",
  summary: "Who is connected: this gateway first, then clients, newest last.",
  access: { roles: ["operator"], scope: READ },
  result: results.presence,
  run: (_params, { services }) => services.presence.list,
});

export const status = method({
  name: "status",
  summary: "State of the gateway: connections, pairing, store, event loop, limits and refusals.",
  access: { roles: ["operator"], scope: READ },
  params: t.object({}, { includeChannelSummary: t.boolean(), includeCliProjection: t.boolean() }),
  result: results.status,
  run: async (params, { services }) => {
    await services.config.look();
    return {
      runtimeVersion: OPENCLAW_VERSION,
      pid: services.lifecycle.info.pid,
      eventLoop: await services.loop.measure(),
      processMemory: processMemory(),
      ...services.agent.status(params),
      gateway: gatewayFigures(services),
    };
  },
});

function processMemory() {
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  return {
    rssBytes: rss,
    heapUsedBytes: heapUsed,
    heapTotalBytes: heapTotal,
    externalBytes: external,
    arrayBuffersBytes: arrayBuffers,
  };
}

/** The first nodes whose key is used twice, as far as that is sure; a list of nodes has all. */
function sharedKeys({ nodes, pairing }: Call["services"]) {
  const rows = [];
  for (const { nodeId, use, sessions } of nodes.keys.shared()) {
    if (rows.length >= MOST_SHARED) break;
    const label = pairing.device(nodeId)?.label;
    const names = sessions.map(({ facts }) => facts.place.name ?? facts.text.clientId);
    const addresses = sessions.map(({ facts }) => facts.text.remoteIp ?? facts.place.source);
    rows.push({
      nodeId,
      keyUsedBy: use,
      connections: sessions.length,
      names: [...new Set(label === undefined ? names : [label, ...names])],
      addresses: [...new Set(addresses)],
    });
  }
  return rows;
}

function gatewayFigures(services: Call["services"]) {
  const { connections, lifecycle } = services;
  return {
    version: lifecycle.info.version,
    fingerprint: services.identity.fingerprint,
    deviceId: services.identity.deviceId,
    startedAtMs: lifecycle.info.startedAtMs,
    uptimeMs: lifecycle.info.uptimeMs,
    listening: lifecycle.info.listening,
    ...(lifecycle.info.pagePin !== undefined && { pagePin: lifecycle.info.pagePin }),
    connections: {
      ...connections.byRole(),
      waiting: connections.waiting(),
      unauthenticated: connections.unauthenticated(),
    },
    ...connections.protocols(),
    pairing: services.pairing.counts(),
    nodes: {
      ...services.nodes.counts(),
      answersBytes: services.invokeAnswers.bytes,
      sharedKeys: sharedKeys(services),
    },
    store: services.store(),
    closes: connections.closes(),
    ...(services.notify && { notify: services.notify.report() }),
    ...noteFields(lifecycle.info.notes),
    limits: Object.fromEntries(
      Object.entries(limitTable).map(([name, { value, unit }]) => [name, { value, unit }]),
    ),
  };
}

export const identity = method({
  name: "gateway.identity.get",
  summary: "The gateway's own device id, public key and fingerprint.",
  access: { roles: ["operator"], scope: READ },
  result: () => t.object({ deviceId: t.string(), publicKey: t.string(), fingerprint: t.string() }),
  run: (_params, { services }) => ({
    deviceId: services.identity.deviceId,
    publicKey: services.identity.publicKey,
    fingerprint: services.identity.fingerprint,
  }),
});

export const statusMethods = [health, systemPresence, status, stability, identity];
