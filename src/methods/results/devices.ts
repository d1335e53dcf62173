import * as t from "../../protocol/typed-schema.ts";

/** Said only where a change is in force but not on disk: `durable` is false then. */
export const durability = () => ({ durable: t.exactly(false), reason: t.string() });

/** Ways in with full control; `others`: besides devices. */
export const remainingAdmins = () => t.object({ devices: t.integer(), others: t.integer() });

export const role = () => t.oneOf("operator", "node");
export const roles = () => t.array(role());
export const strings = () => t.array(t.string());
export const permissions = () => t.record(t.boolean());

/** What a device or node says of itself. Never cleaned. */
export const ownWords = () => ({
  displayName: t.string(),
  program: t.string(),
  platform: t.string(),
  deviceFamily: t.string(),
  remoteIp: t.string(),
});
const client = () => ({ clientId: t.string(), clientMode: t.string() });

/** A request of a device; `offered` are those of `scopes` that it did not ask for, the last three say what it is called and may do already. */
export const pendingRow = () => ({
  required: {
    requestId: t.string(),
    deviceId: t.string(),
    publicKey: t.string(),
    ...client(),
    role: role(),
    roles: roles(),
    scopes: strings(),
    isRepair: t.boolean(),
    silent: t.exactly(false),
    ts: t.integer(),
    expiresAtMs: t.integer(),
  },
  optional: {
    ...ownWords(),
    offered: strings(),
    browserOrigin: t.string(),
    operatorLabel: t.string(),
    approvedRoles: roles(),
    approvedScopes: strings(),
  },
});

/** What a node offers, or may do. */
export const capabilities = () => ({
  caps: strings(),
  commands: strings(),
  permissions: permissions(),
});

/** What a node offers that waits for approval, with what was approved for it before. */
const capabilityRequestFields = () => ({
  required: {
    requestId: t.string(),
    nodeId: t.string(),
    ...client(),
    ...capabilities(),
    requiredApproveScopes: strings(),
    silent: t.exactly(false),
    ts: t.integer(),
  },
  optional: {
    ...ownWords(),
    version: t.string(),
    modelIdentifier: t.string(),
    operatorLabel: t.string(),
    approvedCaps: strings(),
    approvedCommands: strings(),
    approvedPermissions: permissions(),
  },
});

export const capabilityRequest = () =>
  t.object(capabilityRequestFields().required, capabilityRequestFields().optional);

const tokenRow = () =>
  t.object(
    { role: t.string(), scopes: strings(), createdAtMs: t.integer() },
    { rotatedAtMs: t.integer(), revokedAtMs: t.integer() },
  );

export const approvedVia = () => t.oneOf("owner", "bootstrap");

/** A paired device. `role` is the first of `roles`. */
const pairedFields = () => ({
  required: {
    deviceId: t.string(),
    publicKey: t.string(),
    ...client(),
    roles: roles(),
    scopes: strings(),
    approvedVia: approvedVia(),
    createdAtMs: t.integer(),
    approvedAtMs: t.integer(),
    tokens: t.array(tokenRow()),
  },
  optional: {
    ...ownWords(),
    role: role(),
    browserOrigin: t.string(),
    operatorLabel: t.string(),
    lastSeenAtMs: t.integer(),
    lastSeenReason: t.string(),
  },
});

export const pairedRow = () => t.object(pairedFields().required, pairedFields().optional);

export const keyUsedBy = () => t.oneOf("programs", "machines");

/**
 * Of a node with several connections: how many, those that stand by, newest first (8 at most), and whether
 * its key is used by several programs of one machine or by several machines.
 */
export const severalConnections = () => ({
  connections: t.integer(),
  standbys: t.array(
    t.object(
      { connectedAtMs: t.integer() },
      {
        displayName: t.string(),
        remoteIp: t.string(),
        version: t.string(),
        instanceId: t.string(),
      },
    ),
  ),
  keyUsedBy: keyUsedBy(),
});

/** A paired device in the list: whether it is here, and what it is as a node. */
const listedRow = () =>
  t.object(
    { ...pairedFields().required, connected: t.boolean() },
    {
      ...pairedFields().optional,
      nodeSurface: t.object(capabilities(), {
        approvedAtMs: t.integer(),
        approvedVia: approvedVia(),
      }),
      pendingNodeSurface: capabilityRequest(),
      ...severalConnections(),
    },
  );

export const deviceList = () =>
  t.object(
    {
      pending: t.array(t.object(pendingRow().required, pendingRow().optional)),
      paired: t.array(listedRow()),
    },
    {
      total: t.integer(),
      nextCursor: t.string(),
      waysIn: remainingAdmins(),
      truncated: t.exactly(true),
    },
  );

const gatewayFingerprint = () => t.string();

export const shownRequest = () =>
  t.either(
    t.object(
      { ...pendingRow().required, gatewayFingerprint: gatewayFingerprint() },
      pendingRow().optional,
    ),
    t.object(
      { ...capabilityRequestFields().required, gatewayFingerprint: gatewayFingerprint() },
      capabilityRequestFields().optional,
    ),
  );

/** What was approved for a node. */
export const approvedNode = () => ({
  required: { nodeId: t.string(), ...client(), createdAtMs: t.integer() },
  optional: {
    ...ownWords(),
    ...capabilities(),
    version: t.string(),
    modelIdentifier: t.string(),
    approvedAtMs: t.integer(),
    approvedVia: approvedVia(),
    lastConnectedAtMs: t.integer(),
    lastDisconnectedAtMs: t.integer(),
    lastSeenAtMs: t.integer(),
    lastSeenReason: t.string(),
  },
});

const node = () => t.object(approvedNode().required, approvedNode().optional);

export const nodeApproved = () => t.object({ requestId: t.string(), node: node() });

/** Of a device `device`; of a node `node`, with the device it is. */
export const deviceApproved = () =>
  t.either(
    t.object({ requestId: t.string(), device: pairedRow() }),
    t.object({ requestId: t.string(), node: node() }, { device: pairedRow() }),
  );
