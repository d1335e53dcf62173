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
import type { Device, Invite, PairingChange, PairingState, Pending } from "../pairing/records.ts";
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

/** Nodes: `nodes.json` and its journal. A request that went said nothing of why. */
export const legacyNodes: ReplayShape<NodesState, NodesChange> = {
  name: "nodes",
  version: 1,
  ...nodesPart,
};

/** What `devices.json` and its journal held. */
export interface LegacyDevices {
  readonly devices: PairingState;
  readonly audit: AuditState;
  readonly host: HostState;
}

type LegacyChange = PairingChange | AuditChange | HostChange;

export const legacyDevices: ReplayShape<LegacyDevices, LegacyChange> = {
  name: "devices",
  version: 1,
  empty: () => ({
    devices: pairingPart.empty(),
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
        pairingPart.apply(state.devices, { ...change, pending: renamed(change.pending) });
        return;
      default:
        pairingPart.apply(state.devices, change);
    }
  },
  records: () => [],
  restore: (records) => {
    let trail: Trail | undefined;
    const rest: unknown[] = [];
    for (const record of records as Iterable<LegacyRecord>) {
      if ("trail" in record) trail = record.trail;
      else if ("device" in record) rest.push({ device: renamedDevice(record.device) });
      else if ("pending" in record) rest.push({ pending: renamed(record.pending) });
      else rest.push(record);
    }
    const host = trail ? { trail } : hostPart.empty();
    return { devices: pairingPart.restore(rest), audit: { head: host.trail.head }, host };
  },
};

type LegacyRecord =
  | { readonly trail: Trail }
  | { readonly device: Device }
  | { readonly pending: Pending }
  | { readonly invite: Invite };

function renamedDevice(device: Device): Device {
  const tokens = Object.entries(device.tokens).map(([role, token]) => [role, renamed(token)]);
  return { ...device, tokens: Object.fromEntries(tokens) };
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
