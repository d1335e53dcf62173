import { agentHealth, agentStatus } from "../../agent/results.ts";
import * as t from "../../protocol/typed-schema.ts";
import { keyUsedBy, strings } from "./devices.ts";
import { connectionCounts, notes, pairingCounts } from "./host.ts";

const eventLoop = () =>
  t.object({
    degraded: t.boolean(),
    reasons: t.array(t.oneOf("event_loop_delay", "event_loop_utilization")),
    intervalMs: t.integer(),
    delayP99Ms: t.number(),
    delayMaxMs: t.number(),
    utilization: t.number(),
    cpuCoreRatio: t.number(),
  });

export const health = () =>
  t.object({
    ok: t.exactly(true),
    ts: t.integer(),
    durationMs: t.integer(),
    eventLoop: eventLoop(),
    plugins: t.object({ loaded: strings(), errors: strings() }),
    ...agentHealth(),
    gateway: t.object({
      version: t.string(),
      phase: t.string(),
      startedAtMs: t.integer(),
      uptimeMs: t.integer(),
      connections: connectionCounts(),
      pairing: pairingCounts(),
      store: t.object({ ok: t.boolean() }),
    }),
  });

const bytes = () => t.integer();

const processMemory = () =>
  t.object({
    rssBytes: bytes(),
    heapUsedBytes: bytes(),
    heapTotalBytes: bytes(),
    externalBytes: bytes(),
    arrayBuffersBytes: bytes(),
  });

/** How the last message for the webhook went. */
const lastOutcome = () =>
  t.object(
    { atMs: t.integer(), ok: t.boolean(), ms: t.integer() },
    {
      to: t.string(),
      status: t.integer(),
      code: t.string(),
      error: t.string(),
      next: t.string(),
    },
  );

const notify = () =>
  t.object(
    {
      configured: t.boolean(),
      format: t.string(),
      waiting: t.integer(),
      counts: t.object({
        sent: t.integer(),
        failed: t.integer(),
        merged: t.integer(),
        dropped: t.integer(),
      }),
    },
    { last: lastOutcome() },
  );

/** A node whose key is used twice. `names` are those that its connections give, without repeats. */
const sharedKey = () =>
  t.object({
    nodeId: t.string(),
    keyUsedBy: keyUsedBy(),
    connections: t.integer(),
    names: strings(),
    addresses: strings(),
  });

export const olderClient = () =>
  t.object(
    {
      protocol: t.integer(),
      clientId: t.string(),
      clientMode: t.string(),
      connected: t.integer(),
      lastConnectMs: t.integer(),
    },
    {
      version: t.string(),
      platform: t.string(),
      displayName: t.string(),
      deviceId: t.string(),
    },
  );

const figures = () =>
  t.object(
    {
      version: t.string(),
      fingerprint: t.string(),
      deviceId: t.string(),
      startedAtMs: t.integer(),
      uptimeMs: t.integer(),
      listening: strings(),
      connections: connectionCounts(),
      protocols: t.record(t.object({ connected: t.integer(), admitted: t.integer() })),
      olderClients: t.array(olderClient()),
      pairing: pairingCounts(),
      nodes: t.object({
        connected: t.integer(),
        standby: t.integer(),
        approved: t.integer(),
        pending: t.integer(),
        invokes: t.integer(),
        answersBytes: t.integer(),
        sharedKeys: t.array(sharedKey()),
      }),
      store: t.object(
        { ok: t.boolean(), commits: t.integer(), journalBytes: t.integer() },
        { lastError: t.string() },
      ),
      closes: t.record(t.integer()),
      ...notes(),
      limits: t.record(t.object({ value: t.number(), unit: t.string() })),
    },
    { notify: notify(), pagePin: t.string() },
  );

export const status = () =>
  t.object(
    {
      runtimeVersion: t.string(),
      pid: t.integer(),
      eventLoop: eventLoop(),
      processMemory: processMemory(),
      ...agentStatus().required,
      gateway: figures(),
    },
    agentStatus().optional,
  );

/** Who is connected. */
export const presence = () =>
  t.array(
    t.object(
      { ts: t.integer() },
      {
        host: t.string(),
        ip: t.string(),
        version: t.string(),
        platform: t.string(),
        deviceFamily: t.string(),
        modelIdentifier: t.string(),
        timeZone: t.string(),
        mode: t.string(),
        reason: t.string(),
        deviceId: t.string(),
        roles: strings(),
        scopes: strings(),
        instanceId: t.string(),
        lastInputSeconds: t.integer(),
        tags: strings(),
        text: t.string(),
      },
    ),
  );

export const stability = () =>
  t.object({
    generatedAt: t.string(),
    capacity: t.integer(),
    count: t.integer(),
    dropped: t.exactly(0),
    events: t.array(t.anything()),
    summary: t.object({ byType: t.record(t.integer()) }),
  });

export const machine = () =>
  t.object(
    {
      machineName: t.string(),
      hostname: t.string(),
      platform: t.string(),
      release: t.string(),
      arch: t.string(),
      osLabel: t.string(),
      nodeVersion: t.string(),
      pid: t.integer(),
      uptimeMs: t.integer(),
      cpuCount: t.integer(),
      loadAverage: t.array(t.number()),
      memoryTotalBytes: bytes(),
      memoryFreeBytes: bytes(),
    },
    {
      cpuModel: t.string(),
      diskTotalBytes: bytes(),
      diskAvailableBytes: bytes(),
      diskPath: t.string(),
    },
  );
