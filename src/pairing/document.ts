import type { PartShape } from "../store/parts.ts";
import { applyChange, emptyState } from "./changes.ts";
import { pairingEvents } from "./follows.ts";
import type {
  Device,
  Invite,
  PairingChange,
  PairingEvent,
  PairingState,
  RevokingAll,
  RevokingDerived,
  SshKey,
} from "./records.ts";

/** One line of the snapshot file. */
type PairingRecord =
  | { device: Device }
  | { invite: Invite }
  | { sshKey: SshKey }
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
      invites: new Map(state.invites),
      inviteBySecret: new Map(state.inviteBySecret),
      sshKeys: new Map(state.sshKeys),
      revokingAll: state.revokingAll,
      revokingDerived: state.revokingDerived,
    };
  },
  records: ({ devices, invites, sshKeys, revokingAll, revokingDerived }) =>
    recordsOf({
      devices: [...devices.values()],
      invites: [...invites.values()],
      sshKeys: [...sshKeys.values()],
      revokingAll,
      revokingDerived,
    }),
  restore: (records) => {
    const state = emptyState();
    for (const record of records as Iterable<PairingRecord>) {
      if ("device" in record) applyChange(state, { op: "device", device: record.device });
      else if ("invite" in record) applyChange(state, { op: "invite", invite: record.invite });
      else if ("sshKey" in record) applyChange(state, { op: "ssh-key", key: record.sshKey });
      else if ("revokingAll" in record) state.revokingAll = record.revokingAll;
      else state.revokingDerived = record.revokingDerived;
    }
    return state;
  },
};

/** What was copied, as the lines of the file. */
function* recordsOf(copied: {
  devices: readonly Device[];
  invites: readonly Invite[];
  sshKeys: readonly SshKey[];
  revokingAll: RevokingAll | undefined;
  revokingDerived: RevokingDerived | undefined;
}): Generator<PairingRecord> {
  for (const device of copied.devices) yield { device };
  for (const invite of copied.invites) yield { invite };
  for (const sshKey of copied.sshKeys) yield { sshKey };
  const { revokingAll, revokingDerived } = copied;
  if (revokingAll) yield { revokingAll };
  if (revokingDerived) yield { revokingDerived };
}
