import type { Trail } from "../audit/trail.ts";
import type { DocumentShape } from "../store/shape.ts";
import { applyChange, emptyState } from "./changes.ts";
import type {
  Device,
  Invite,
  PairingChange,
  PairingState,
  Pending,
  Replacement,
  SshKey,
} from "./records.ts";

/** One line of the snapshot file. */
type PairingRecord =
  | { device: Device }
  | { pending: Pending }
  | { invite: Invite }
  | { sshKey: SshKey }
  | { replaced: string; replacement: Replacement }
  | { trail: Trail };

/** Pairing's document: `devices.json` and its journal. */
export const pairingShape: DocumentShape<PairingState, PairingChange> = {
  name: "devices",
  version: 1,
  empty: emptyState,
  apply: applyChange,
  copy: (state) => {
    const devices = new Map(state.devices);
    return {
      devices,
      order: state.order.over(devices),
      nodes: new Set(state.nodes),
      admins: new Set(state.admins),
      pending: new Map(state.pending),
      pendingOf: new Map(state.pendingOf),
      replaced: new Map(state.replaced),
      invites: new Map(state.invites),
      inviteBySecret: new Map(state.inviteBySecret),
      sshKeys: new Map(state.sshKeys),
      trail: state.trail,
    };
  },
  records: ({ devices, pending, invites, sshKeys, replaced, trail }) =>
    recordsOf({
      devices: [...devices.values()],
      pending: [...pending.values()],
      invites: [...invites.values()],
      sshKeys: [...sshKeys.values()],
      replaced: [...replaced],
      trail,
    }),
  restore: (records) => {
    const state = emptyState();
    for (const record of records as Iterable<PairingRecord>) {
      if ("device" in record) applyChange(state, { op: "device", device: record.device });
      else if ("pending" in record) applyChange(state, { op: "pending", pending: record.pending });
      else if ("invite" in record) applyChange(state, { op: "invite", invite: record.invite });
      else if ("sshKey" in record) applyChange(state, { op: "ssh-key", key: record.sshKey });
      else if ("trail" in record) state.trail = record.trail;
      else state.replaced.set(record.replaced, record.replacement);
    }
    return state;
  },
};

/** What was copied, as the lines of the file. */
function* recordsOf(copied: {
  devices: readonly Device[];
  pending: readonly Pending[];
  invites: readonly Invite[];
  sshKeys: readonly SshKey[];
  replaced: readonly (readonly [string, Replacement])[];
  trail: Trail;
}): Generator<PairingRecord> {
  for (const device of copied.devices) yield { device };
  for (const pending of copied.pending) yield { pending };
  for (const invite of copied.invites) yield { invite };
  for (const sshKey of copied.sshKeys) yield { sshKey };
  for (const [replaced, replacement] of copied.replaced) yield { replaced, replacement };
  yield { trail: copied.trail };
}
