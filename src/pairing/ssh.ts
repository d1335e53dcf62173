import { type AuditedPart, durabilityOf } from "../audit/decisions.ts";
import { auditOf } from "../audit/events.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { Actor } from "../protocol/access.ts";
import { openclaw } from "../protocol/command.ts";
import type { Part } from "../store/parts.ts";
import type { Durability } from "../store/shape.ts";
import { refuseWhileRevoking } from "./being-revoked.ts";
import { DeadlineTimer } from "./deadline-timer.ts";
import type { GuardedBy, LastAdminGuard } from "./last-admin-guard.ts";
import type { PairingChange, PairingEvent, PairingState, SshKey } from "./records.ts";
import type { SshAdmins } from "./ssh-admins.ts";
import * as keys from "./ssh-keys.ts";

interface Deps {
  readonly document: Part<PairingState, PairingChange, PairingEvent>;
  readonly decisions: AuditedPart<PairingState, PairingChange>;
  readonly guard: LastAdminGuard;
  readonly admins: SshAdmins;
  readonly world: World;
  readonly limits: Limits;
  /**
   * Hands sshd the keys that may log in (see {@link keys.approverLines}). Resolves with why that could
   * not be done, or `undefined`.
   */
  readonly publish: (lines: string) => Promise<string | undefined>;
}

/** Whether sshd was told too. */
export interface PublishOutcome {
  /** Why sshd does not know of the change yet. The gateway itself acts on it already. */
  readonly unpublished?: string;
}

/** The keys that approve over SSH, as a service. */
export class SshKeys {
  readonly #expiry: DeadlineTimer;
  /** One at a time, so that the last one written is the last one made. */
  #publishing: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: Deps) {
    const { world } = deps;
    const now = () => world.now();
    this.#expiry = new DeadlineTimer({ world, now, due: () => void this.publish() });
  }

  list(): SshKey[] {
    return [...this.deps.document.durable.sshKeys.values()];
  }

  /** Adds a key. @throws RequestError with what to do instead */
  async add(ask: keys.SshKeyAsk, actor: Actor): Promise<{ key: SshKey } & PublishOutcome> {
    const { decisions, world, limits } = this.deps;
    const now = world.now();
    const { answer: key } = await decisions.decide((state) => {
      refuseWhileRevoking(state);
      const { key: added, changes } = keys.addSshKey(state, ask, { now, limits });
      return { changes, event: auditOf("ssh.key.added", actor, factsOf(added)), answer: added };
    });
    return { key, ...(await this.publish()) };
  }

  /** Takes a key away. @throws RequestError LAST_WAY_IN where no other key or device has full control */
  async remove(
    typed: string,
    { actor, force }: { actor: Actor; force?: boolean | undefined },
  ): Promise<{ key: SshKey } & Durability & PublishOutcome> {
    const { decisions, guard, admins } = this.deps;
    const removed = await decisions.decide((state) => {
      const found = keys.findSshKey(state, typed);
      const { fingerprint } = found;
      if (admins.counts(found)) {
        const command = openclaw`ssh remove ${fingerprint}`;
        guard.checkOther(admins.count() - 1, { actor, force, command });
      }
      const event = auditOf("ssh.key.removed", actor, factsOf(found));
      const changes = [{ op: "ssh-key-gone" as const, fingerprint }];
      return { changes, event, urgent: true, answer: found };
    });
    return { key: removed.answer, ...durabilityOf(removed), ...(await this.publish()) };
  }

  /**
   * Checks whether approval over SSH may end by a change of settings.
   * @throws RequestError LAST_WAY_IN where no device has full control
   */
  checkEnd(by: GuardedBy): void {
    const { guard, admins } = this.deps;
    if (admins.count() > 0) guard.checkOther(0, by);
  }

  /** How many keys could let a device in with full control. */
  remainingAdmins(): number {
    return this.deps.admins.count();
  }

  /** How many keys may approve, now or once approvers can log in. */
  live(): number {
    const { document, world } = this.deps;
    const now = world.now();
    return [...document.durable.sshKeys.values()].filter((key) => !keys.isExpired(key, now)).length;
  }

  /** The actor that the key stands for now, or why it stands for none. Notes that it was used. */
  actorOf(fingerprint: string, address: string | undefined): Actor | keys.SshKeyProblem {
    const { document, world } = this.deps;
    const now = world.now();
    const found = keys.actorOfKey(document.working.sshKeys.get(fingerprint), { address, now });
    if (typeof found === "object") {
      const from = address === undefined ? {} : { from: address };
      document.later([{ op: "ssh-key-used", fingerprint, at: now, ...from }]);
    }
    return found;
  }

  /** Writes anew what sshd reads. */
  publish(): Promise<PublishOutcome> {
    const published = this.#publishing.then(() => this.#publish());
    this.#publishing = published;
    return published;
  }

  async #publish(): Promise<PublishOutcome> {
    const { document, world, publish } = this.deps;
    const { sshKeys } = document.durable;
    const now = world.now();
    for (const { expiresAtMs } of sshKeys.values()) {
      if (expiresAtMs !== undefined && expiresAtMs > now) this.#expiry.set(expiresAtMs);
    }
    const unpublished = await publish(keys.approverLines(sshKeys.values(), now));
    return unpublished === undefined ? {} : { unpublished };
  }

  close(): void {
    this.#expiry.cancel();
  }
}

function factsOf({ fingerprint, name, may, from, expiresAtMs }: SshKey) {
  return { key: fingerprint, name, may, from, expiresAtMs };
}
