import type { ConfigAhead } from "../audit/trail.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { Part } from "../store/parts.ts";
import type { PairingChange, PairingEvent, PairingState, SshKey } from "./records.ts";
import { isExpired } from "./ssh-keys.ts";

interface Deps {
  readonly document: Part<PairingState, PairingChange, PairingEvent>;
  readonly world: World;
  readonly limits: Limits;
  /** Whether approvers can log in at all. */
  readonly isOn: () => boolean;
  /** A change of the configuration's file whose line is written, and which may not be made yet. */
  readonly configAhead: () => Pick<ConfigAhead, "keys"> | undefined;
}

/** The SSH keys that could let a device in with full control. */
export class SshAdmins {
  constructor(private readonly deps: Deps) {}

  /** How many there are. A key that is being taken away counts no more. */
  count(): number {
    const { working } = this.deps.document;
    return [...working.sshKeys.values()].filter((key) => this.counts(key)).length;
  }

  /** Whether `key` is one of them. */
  counts(key: SshKey): boolean {
    const { document, world, limits, isOn, configAhead } = this.deps;
    // Its addition may be on its way to a disk that is full.
    const isSure = document.durable.sshKeys.has(key.fingerprint);
    if (!isSure || !isOn() || endsApproval(configAhead()) || !key.may.includes("admin"))
      return false;
    // A key that is over before it is needed is not to be relied on.
    return !isExpired(key, world.now() + limits.sshWayInMs);
  }
}

/** Whether the change turns approval over SSH off, or keeps its keys where sshd does not read them from. */
function endsApproval(ahead: Pick<ConfigAhead, "keys"> | undefined): boolean {
  if (!ahead) return false;
  return ahead.keys["gateway.ssh.account"] === null || "gateway.ssh.authorizedKeys" in ahead.keys;
}
