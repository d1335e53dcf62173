import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { Actor } from "../protocol/access.ts";
import type { Document, Durability } from "../store/shape.ts";
import { auditOf } from "./audit.ts";
import { DeadlineTimer } from "./deadline-timer.ts";
import type { GuardedBy } from "./last-admin-guard.ts";
import type { Pairing } from "./pairing.ts";
import type { PairingChange, PairingState, SshKey } from "./records.ts";
import * as keys from "./ssh-keys.ts";

interface Deps {
  readonly document: Document<PairingState, PairingChange>;
  readonly world: World;
  readonly limits: Limits;
  readonly pairing: Pairing;
  /** Whether approvers can log in at all. */
  readonly isOn: () => boolean;
  /**
   * Hands sshd the keys that may log in (see {@link keys.approverLines}). Resolves with why that could
   * not be done, or `undefined`.
   */
  readonly publish: (lines: string) => Promise<string | undefined>;
}

/** Whether sshd was told too. */
export interface Published {
  /** Why sshd does not know of the change yet. The gateway itself acts on it already. */
  readonly unpublished?: string;
}

/** The keys that approve over SSH, as a service. */
export class SshKeys {
  readonly #expiry: DeadlineTimer;
  /** One at a time, so that the last one written is the last one made. */
  #publishing: Promise<unknown> = Promise.resolve();
  /** Changes of settings under way that end approval over SSH. */
  #endings = 0;

  constructor(private readonly deps: Deps) {
    const { world } = deps;
    const now = () => world.now();
    this.#expiry = new DeadlineTimer({ world, now, ring: () => void this.publish() });
  }

  list(): SshKey[] {
    return [...this.deps.document.durable.sshKeys.values()];
  }

  async add(ask: keys.SshKeyAsk, actor: Actor): Promise<{ key: SshKey } & Published> {
    const { document, world, limits, pairing } = this.deps;
    const { key, changes } = keys.addSshKey(document.working, ask, { now: world.now(), limits });
    await pairing.commits.audited(changes, auditOf("ssh.key.added", actor, factsOf(key)));
    return { key, ...(await this.publish()) };
  }

  /** @throws RequestError LAST_WAY_IN where nobody could let an owner in from elsewhere then */
  async remove(
    typed: string,
    { actor, force }: { actor: Actor; force?: boolean | undefined },
  ): Promise<{ key: SshKey } & Durability & Published> {
    const { document, pairing } = this.deps;
    const key = keys.findSshKey(document.working, typed);
    const { fingerprint } = key;
    if (this.#isWayIn(key)) {
      const command = `ssh remove ${fingerprint}`;
      pairing.guard.checkOther(this.waysIn() - 1, { actor, force, command });
    }
    const event = auditOf("ssh.key.removed", actor, factsOf(key));
    const outcome = await pairing.commits.urgent([{ op: "ssh-key-gone", fingerprint }], event);
    return { key, ...outcome, ...(await this.publish()) };
  }

  /**
   * Approval over SSH is about to end by a change of settings: until what is returned is called its keys
   * count for nothing, so that of two ends at the same moment one is refused.
   * @throws RequestError LAST_WAY_IN where its keys are the last way in
   */
  ending(by: GuardedBy): () => void {
    if (this.waysIn() > 0) this.deps.pairing.guard.checkOther(0, by);
    this.#endings += 1;
    return () => {
      this.#endings -= 1;
    };
  }

  /** How many keys may approve, now or once approvers can log in. */
  live(): number {
    const { document, world } = this.deps;
    const now = world.now();
    return [...document.durable.sshKeys.values()].filter((key) => !keys.isExpired(key, now)).length;
  }

  /** How many keys an owner could use to let a device with full control in. */
  waysIn(): number {
    const { document } = this.deps;
    // Of the working state: a key that is being taken away counts no more.
    return [...document.working.sshKeys.values()].filter((key) => this.#isWayIn(key)).length;
  }

  #isWayIn(key: SshKey): boolean {
    const { document, world, limits, isOn } = this.deps;
    // Its addition may be on its way to a disk that is full.
    const isSure = document.durable.sshKeys.has(key.fingerprint);
    if (!isSure || !isOn() || this.#endings > 0 || !key.may.includes("admin")) return false;
    // Nobody should rely on a key that is over before they need it.
    return !keys.isExpired(key, world.now() + limits.sshWayInMs);
  }

  /** Whom the key acts as now, and notes that it was used. */
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
  publish(): Promise<Published> {
    const published = this.#publishing.then(() => this.#publish());
    this.#publishing = published;
    return published;
  }

  async #publish(): Promise<Published> {
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
