import type { Actor } from "../protocol/access.ts";
import type { Document } from "../store/shape.ts";
import type { Device, PairingChange, PairingState } from "./records.ts";
import {
  actsOnHost,
  lastAdminRefusal,
  mayForce,
  removesLastAdmin,
  type Stays,
} from "./remaining-admins.ts";

interface Deps {
  readonly document: Document<PairingState, PairingChange>;
  /** Ways in with full control that are no devices. */
  readonly otherWaysIn: () => number;
}

/** Who ends something, and how to do it all the same. */
export interface GuardedBy {
  readonly actor: Actor;
  readonly force?: boolean | undefined;
  /** The command of the host's owner, without its `--force`. */
  readonly command: string;
}

/**
 * Keeps the last way in. It is asked in the turn in which an end is decided, on what was decided
 * before: of two who end each other at the same moment, one is refused.
 */
export class LastAdminGuard {
  readonly #ending = new Set<(device: Device) => boolean>();

  constructor(private readonly deps: Deps) {}

  /** From now on devices that `ends` names count for nothing; until what is returned is called. */
  ending(ends: (device: Device) => boolean): () => void {
    this.#ending.add(ends);
    return () => this.#ending.delete(ends);
  }

  /** @throws RequestError LAST_WAY_IN where only such devices `stays` names stay, and none is left. */
  check(stays: Stays, { actor, force, command }: GuardedBy): void {
    if (force && mayForce(actor)) return;
    const { working, durable } = this.deps.document;
    const last = removesLastAdmin(working, stays, {
      others: this.othersFor(actor),
      // Its approval may be on its way to a disk that is full.
      isSure: (id) => durable.admins.has(id),
      isEnding: (device) => [...this.#ending].some((ends) => ends(device)),
    });
    if (last) throw lastAdminRefusal(actor, command);
  }

  /** The same for a way in that is no device, when `left` more of its kind stay. */
  checkOther(left: number, { actor, force, command }: GuardedBy): void {
    if (left > 0 || actsOnHost(actor) || (force && mayForce(actor))) return;
    if (!this.leaves(this.deps.document.working.admins)) throw lastAdminRefusal(actor, command);
  }

  /** Whether one of these devices is a way in that is sure to stay. */
  leaves(deviceIds: Iterable<string>): boolean {
    const { working, durable } = this.deps.document;
    for (const id of deviceIds) {
      const device = working.devices.get(id);
      if (!device || !working.admins.has(id) || !durable.admins.has(id)) continue;
      if (![...this.#ending].some((ends) => ends(device))) return true;
    }
    return false;
  }

  /** Ways in that are no devices, as far as `actor` is concerned. */
  othersFor(actor: Actor): number {
    return this.deps.otherWaysIn() + (actsOnHost(actor) ? 1 : 0);
  }
}
