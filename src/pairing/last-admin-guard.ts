import type { Actor } from "../protocol/access.ts";
import type { Command } from "../protocol/command.ts";
import type { Part } from "../store/parts.ts";
import { isEnding } from "./being-revoked.ts";
import type { PairingChange, PairingEvent, PairingState } from "./records.ts";
import {
  cameBySecret,
  lastAdminRefusal,
  mayForce,
  removesLastAdmin,
  type Stays,
} from "./remaining-admins.ts";

interface Deps {
  readonly document: Part<PairingState, PairingChange, PairingEvent>;
  /** How many can let a device in with full control, besides devices. */
  readonly otherAdmins: () => number;
}

/** Who ends something, and how to do it all the same. */
export interface GuardedBy {
  readonly actor: Actor;
  readonly force?: boolean | undefined;
  /** The command of the host's owner, without its `--force`. */
  readonly command: Command;
}

/**
 * Keeps the last device or key with full control. It is asked in the turn in which an end is decided, on
 * the working state: of two that end each other at the same moment, one is refused.
 */
export class LastAdminGuard {
  constructor(private readonly deps: Deps) {}

  /**
   * @throws RequestError LAST_WAY_IN where no device with full control stays, of those that `stays` names,
   * and one goes
   */
  check(stays: Stays, { actor, force, command }: GuardedBy): void {
    if (force && mayForce(actor)) return;
    const { working, durable } = this.deps.document;
    const last = removesLastAdmin(working, stays, {
      others: this.othersFor(actor),
      // Its approval may be on its way to a disk that is full.
      isSure: (id) => durable.admins.has(id),
      isEnding: (device) => isEnding(working, device),
    });
    if (last) throw lastAdminRefusal(actor, command);
  }

  /**
   * As {@link check}, for the end of a key or setting that is no device, when `left` more of its kind stay.
   * @throws RequestError LAST_WAY_IN
   */
  checkOther(left: number, { actor, force, command }: GuardedBy): void {
    if (left > 0 || cameBySecret(actor) || (force && mayForce(actor))) return;
    if (!this.leaves(this.deps.document.working.admins)) throw lastAdminRefusal(actor, command);
  }

  /** Whether one of these devices has full control and is sure to stay. */
  leaves(deviceIds: Iterable<string>): boolean {
    const { working, durable } = this.deps.document;
    for (const id of deviceIds) {
      const device = working.devices.get(id);
      if (!device || !working.admins.has(id) || !durable.admins.has(id)) continue;
      if (!isEnding(working, device)) return true;
    }
    return false;
  }

  /** How many can let in a device with full control besides devices, as far as `actor` is concerned. */
  othersFor(actor: Actor): number {
    return this.deps.otherAdmins() + (cameBySecret(actor) ? 1 : 0);
  }
}
