import type { PartShape } from "../store/parts.ts";
import { applyChange, emptyState } from "./changes.ts";
import { pairingEvents } from "./follows.ts";
import type {
  Device,
  Invite,
  PairingChange,
  PairingEvent,
  PairingState,
  Pending,
  Replacement,
  RevokingAll,
  RevokingDerived,
  SshKey,
} from "./records.ts";

/** One line of the snapshot file. */
type PairingRecord =
  | { device: Device }
  | { pending: Pending }
  | { invite: Invite }
  | { sshKey: SshKey }
  | { replaced: string; replacement: Replacement }
  | { revokingAll: RevokingAll }
  | { revokingDerived: RevokingDerived };

/** Pairing's part of the state. */
export const pairingPart: PartShape<PairingState, PairingChange, PairingEvent> = {
  empty: emptyState,
  apply: applyChange,
  follows: pairingEvents,
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
      revokingAll: state.revokingAll,
      revokingDerived: state.revokingDerived,
    };
  },
  records: ({ devices, pending, invites, sshKeys, replaced, revokingAll, revokingDerived }) =>
    recordsOf({
      devices: [...devices.values()],
      pending: [...pending.values()],
      invites: [...invites.values()],
      sshKeys: [...sshKeys.values()],
      replaced: [...replaced],
      revokingAll,
      revokingDerived,
    }),
  restore: (records) => {
    const state = emptyState();
    for (const record of records as Iterable<PairingRecord>) {
      if ("device" in record) applyChange(state, { op: "device", device: record.device });
      else if ("pending" in record) applyChange(state, { op: "pending", pending: record.pending });
      else if ("invite" in record) applyChange(state, { op: "invite", invite: record.invite });
      else if ("sshKey" in record) applyChange(state, { op: "ssh-key", key: record.sshKey });
      else if ("revokingAll" in record) state.revokingAll = record.revokingAll;
      else if ("revokingDerived" in record) state.revokingDerived = record.revokingDerived;
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
  revokingAll: RevokingAll | undefined;
  revokingDerived: RevokingDerived | undefined;
}): Generator<PairingRecord> {
  for (const device of copied.devices) yield { device };
  for (const pending of copied.pending) yield { pending };
  for (const invite of copied.invites) yield { invite };
  for (const sshKey of copied.sshKeys) yield { sshKey };
  for (const [replaced, replacement] of copied.replaced) yield { replaced, replacement };
  const { revokingAll, revokingDerived } = copied;
  if (revokingAll) yield { revokingAll };
  if (revokingDerived) yield { revokingDerived };
}
