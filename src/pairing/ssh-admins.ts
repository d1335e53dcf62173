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
}

/** The SSH keys that could let a device in with full control. */
export class SshAdmins {
  /** Changes of settings under way that end approval over SSH. */
  #endings = 0;

  constructor(private readonly deps: Deps) {}

  /** Until what is returned is called, no key counts. */
  ending(): () => void {
    this.#endings += 1;
    return () => {
      this.#endings -= 1;
    };
  }

  /** How many there are. A key that is being taken away counts no more. */
  count(): number {
    const { working } = this.deps.document;
    return [...working.sshKeys.values()].filter((key) => this.counts(key)).length;
  }

  /** Whether `key` is one of them. */
  counts(key: SshKey): boolean {
    const { document, world, limits, isOn } = this.deps;
    // Its addition may be on its way to a disk that is full.
    const isSure = document.durable.sshKeys.has(key.fingerprint);
    if (!isSure || !isOn() || this.#endings > 0 || !key.may.includes("admin")) return false;
    // A key that is over before it is needed is not to be relied on.
    return !isExpired(key, world.now() + limits.sshWayInMs);
  }
}
