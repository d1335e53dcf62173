import {
  type AuditChange,
  type AuditState,
  auditPart,
  copyToHost,
  type HostChange,
  type HostState,
  hostPart,
} from "../audit/parts.ts";
import type { Trail } from "../audit/trail.ts";
import { type SecretsChange, type SecretsState, secretsPart } from "../auth/secret-store.ts";
import { nodesPart } from "../nodes/document.ts";
import type { NodesChange, NodesState } from "../nodes/records.ts";
import { pairingPart } from "../pairing/document.ts";
import { changeFromBefore, deviceFromBefore, recordFromBefore } from "../pairing/nodes-right.ts";
import type { Device, Invite, PairingChange, PairingState } from "../pairing/records.ts";
import type { ApprovalKind } from "../protocol/approve-line.ts";
import { type RequestsRecord, requestsPart } from "../requests/part.ts";
import type { RequestsState } from "../requests/records.ts";
import {
  deviceChangeFromOld,
  deviceRequestFromOld,
  nodeChangeFromOld,
  nodeRequestFromOld,
  type OldDeviceChange,
  type OldDeviceRequest,
  type OldNodeChange,
  type OldNodeRequest,
  type OldReplaced,
} from "../requests/take-over.ts";
import type { ReplayShape } from "../store/shape.ts";

/**
 * The state as it was before its documents shared one journal: three documents of version 1, of which
 * devices also held the audit's trail. Read once, when such a folder is taken over.
 */

/** Keys and secrets: `gateway.json` and its journal. */
export const legacySecrets: ReplayShape<SecretsState, SecretsChange> = {
  name: "gateway",
  version: 1,
  ...secretsPart,
};

/** What `nodes.json` and its journal held. */
export interface LegacyNodes {
  readonly nodes: NodesState;
  readonly requests: RequestsState;
}

type LegacyNodesRecord = { readonly request: OldNodeRequest } | OldReplaced | object;

export const legacyNodes: ReplayShape<LegacyNodes, NodesChange | OldNodeChange> = {
  name: "nodes",
  version: 1,
  empty: () => ({ nodes: nodesPart.empty(), requests: requestsPart.empty() }),
  apply: ({ nodes, requests }, change) => {
    if (change.op === "request" || change.op === "request-gone") {
      requestsPart.apply(requests, nodeChangeFromOld(change));
    } else nodesPart.apply(nodes, change);
  },
  records: () => [],
  restore: (records) => {
    const rest: object[] = [];
    const asked: RequestsRecord[] = [];
    for (const record of records as Iterable<LegacyNodesRecord>) {
      if ("request" in record) asked.push({ request: nodeRequestFromOld(record.request) });
      else if ("replaced" in record) asked.push(replacedOf("node", record));
      else rest.push(record);
    }
    return { nodes: nodesPart.restore(rest), requests: requestsPart.restore(asked) };
  },
};

function replacedOf(kind: ApprovalKind, { replaced, replacement }: OldReplaced): RequestsRecord {
  return { replaced, replacement: { kind, ...replacement } };
}

/** What `devices.json` and its journal held. */
export interface LegacyDevices {
  readonly devices: PairingState;
  readonly requests: RequestsState;
  readonly audit: AuditState;
  readonly host: HostState;
}

/** Nothing was written ahead of a change of the configuration then. */
type LegacyHostChange = Extract<HostChange, { op: "audit-written" | "config-seen" }>;

type LegacyChange = PairingChange | OldDeviceChange | AuditChange | LegacyHostChange;

export const legacyDevices: ReplayShape<LegacyDevices, LegacyChange> = {
  name: "devices",
  version: 1,
  empty: () => ({
    devices: pairingPart.empty(),
    requests: requestsPart.empty(),
    audit: auditPart.empty(),
    host: hostPart.empty(),
  }),
  apply: (state, change) => {
    switch (change.op) {
      case "audit":
        auditPart.apply(state.audit, change);
        copyToHost(state.host, change);
        return;
      case "audit-written":
      case "config-seen":
        hostPart.apply(state.host, change);
        return;
      case "device":
        pairingPart.apply(state.devices, { ...change, device: renamedDevice(change.device) });
        return;
      case "pending":
      case "pending-gone":
        requestsPart.apply(state.requests, deviceChangeFromOld(change));
        return;
      default:
        pairingPart.apply(state.devices, changeFromBefore(change));
    }
  },
  records: () => [],
  restore: (records) => {
    let trail: Trail | undefined;
    const rest: unknown[] = [];
    const asked: RequestsRecord[] = [];
    for (const record of records as Iterable<LegacyRecord>) {
      if ("trail" in record) trail = record.trail;
      else if ("device" in record) rest.push({ device: renamedDevice(record.device) });
      else if ("pending" in record) asked.push({ request: deviceRequestFromOld(record.pending) });
      else if ("replaced" in record) asked.push(replacedOf("device", record));
      else rest.push(recordFromBefore(record));
    }
    const host = trail ? { trail } : hostPart.empty();
    const requests = requestsPart.restore(asked);
    return { devices: pairingPart.restore(rest), requests, audit: { head: host.trail.head }, host };
  },
};

type LegacyRecord =
  | { readonly trail: Trail }
  | { readonly device: Device }
  | { readonly pending: OldDeviceRequest }
  | OldReplaced
  | { readonly invite: Invite };

function renamedDevice(device: Device): Device {
  const tokens = Object.entries(device.tokens).map(([role, token]) => [role, renamed(token)]);
  return deviceFromBefore({ ...device, tokens: Object.fromEntries(tokens) });
}

/** `under` was the epoch of the shared secret, `pickup` that the token may be claimed. */
function renamed<Record extends object>(record: Record): Record {
  const { under, pickup, ...rest } = record as Record & { under?: number; pickup?: true };
  return {
    ...rest,
    ...(under !== undefined && { secretEpoch: under }),
    ...(pickup && { claimable: true }),
  } as unknown as Record;
}
