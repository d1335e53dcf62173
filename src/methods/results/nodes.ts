import * as t from "../../protocol/typed-schema.ts";
import {
  approvedNode,
  capabilities,
  capabilityRequest,
  ownWords,
  severalConnections,
  strings,
} from "./devices.ts";

/** Figures of a node's machine, as it sent them; `updatedAtMs` is the gateway's clock. */
const hostStats = () =>
  t.object(
    {
      cpuCount: t.integer(),
      memoryTotalBytes: t.integer(),
      memoryFreeBytes: t.integer(),
      updatedAtMs: t.integer(),
    },
    {
      loadAverage: t.array(t.number()),
      diskTotalBytes: t.integer(),
      diskAvailableBytes: t.integer(),
    },
  );

const nodeFields = () => ({
  required: {
    nodeId: t.string(),
    ...capabilities(),
    approvalState: t.oneOf("approved", "unapproved", "pending-approval", "pending-reapproval"),
    paired: t.boolean(),
    connected: t.boolean(),
  },
  optional: {
    ...ownWords(),
    clientId: t.string(),
    clientMode: t.string(),
    version: t.string(),
    modelIdentifier: t.string(),
    hostStats: hostStats(),
    connectedAtMs: t.integer(),
    ...severalConnections(),
    pathEnv: t.string(),
    nodePluginTools: t.array(t.anything()),
    lastActiveAtMs: t.integer(),
    presenceUpdatedAtMs: t.integer(),
    pendingRequestId: t.string(),
    pendingDeclaredCaps: strings(),
    pendingDeclaredCommands: strings(),
    pendingDeclaredPermissions: capabilities().permissions,
    lastConnectedAtMs: t.integer(),
    lastDisconnectedAtMs: t.integer(),
    lastSeenAtMs: t.integer(),
    lastSeenReason: t.string(),
    approvedAtMs: t.integer(),
  },
});

export const nodeRow = () => t.object(nodeFields().required, nodeFields().optional);

export const nodeList = () =>
  t.object({ ts: t.integer(), nodes: t.array(nodeRow()) }, { truncated: t.exactly(true) });

export const nodeDescribed = () =>
  t.object({ ts: t.integer(), ...nodeFields().required }, nodeFields().optional);

export const nodePairList = () =>
  t.object(
    {
      pending: t.array(capabilityRequest()),
      paired: t.array(
        t.object({ ...approvedNode().required, connected: t.boolean() }, approvedNode().optional),
      ),
    },
    { truncated: t.exactly(true) },
  );

const workFields = () => ({
  id: t.string(),
  type: t.string(),
  priority: t.oneOf("default", "normal", "high"),
  createdAtMs: t.integer(),
});

export const workQueued = () =>
  t.object({
    nodeId: t.string(),
    revision: t.integer(),
    queued: t.object({ ...workFields(), expiresAtMs: t.integer() }),
    wakeTriggered: t.exactly(false),
  });

export const workDrained = () =>
  t.object({
    nodeId: t.string(),
    revision: t.integer(),
    items: t.array(t.object({ ...workFields(), expiresAtMs: t.orNull(t.integer()) })),
    hasMore: t.boolean(),
  });

export const actionsPulled = () =>
  t.object({
    nodeId: t.string(),
    actions: t.array(
      t.object({
        id: t.string(),
        command: t.string(),
        paramsJSON: t.orNull(t.string()),
        enqueuedAtMs: t.integer(),
      }),
    ),
  });
