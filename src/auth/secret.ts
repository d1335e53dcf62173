import { createHmac, timingSafeEqual } from "node:crypto";
import { KeyCounts } from "../lib/key-counts.ts";
import { prefixKey } from "../lib/net.ts";
import { SemaphoreFull } from "../lib/semaphore.ts";
import { TurnTaking } from "../lib/turns.ts";
import type { Limits } from "../limits/table.ts";
import type { SecretKind } from "../protocol/refusals.ts";
import type { Hasher } from "./hasher.ts";

/** A shared secret as the state holds it. */
export interface StoredSecret {
  /** PHC string of argon2id. */
  readonly hash: string;
  readonly setAtMs: number;
  readonly source: "cli" | "environment" | "first-start" | "migrated";
  /** Raised with every new secret of this kind; device tokens remember it as `under`. */
  readonly epoch: number;
}

export type StoredSecrets = { readonly [kind in SecretKind]?: StoredSecret };

/** Secrets that stand in the config in clear; while they do, they win over stored ones. */
export type ClearSecrets = { readonly [kind in SecretKind]?: string | undefined };

export type SecretVerdict = "ok" | "mismatch" | "unset" | "busy";

type Deps = {
  readonly hasher: Hasher;
  readonly limits: Limits;
  /** 32 random bytes of this process: digests in the cache are worthless elsewhere. */
  readonly cacheKey: Uint8Array;
  readonly stored: () => StoredSecrets;
  readonly clear: () => ClearSecrets;
};

/**
 * Checks shared secrets. A secret that was checked before costs microseconds: its keyed digest is
 * remembered, right or wrong, until the secret changes.
 */
export class SharedSecrets {
  readonly #known = new Map<string, boolean>();
  /** Hashes under way by digest, so that many clients with one secret pay for one hash. */
  readonly #running = new Map<string, Promise<SecretVerdict>>();
  readonly #hashingFor = new KeyCounts();
  readonly #turns: TurnTaking;

  constructor(private readonly deps: Deps) {
    this.#turns = new TurnTaking(deps.limits.argon2AtOnce, deps.limits.argon2Queued);
  }

  /** How many hashes are being computed, and how many wait for their turn. */
  get load(): { running: number; waiting: number } {
    return this.#turns.load;
  }

  isSet(kind: SecretKind): boolean {
    return this.deps.clear()[kind] !== undefined || this.deps.stored()[kind] !== undefined;
  }

  /** Changes whenever another secret is in force; says nothing about the secret itself. */
  mark(kind: SecretKind): string {
    const clear = this.deps.clear()[kind];
    if (clear !== undefined) return `clear|${this.#digest(clear).toString("base64")}`;
    return this.deps.stored()[kind]?.hash ?? "";
  }

  /** The epoch that new device tokens are granted under. */
  epoch(kind: SecretKind): number {
    return this.deps.stored()[kind]?.epoch ?? 0;
  }

  /** Whether `candidate` is known to be right without hashing it. */
  knows(kind: SecretKind, candidate: string): boolean {
    const clear = this.deps.clear()[kind];
    if (clear !== undefined) return this.#sameText(clear, candidate);
    const stored = this.deps.stored()[kind];
    if (!stored) return false;
    return this.#known.get(this.#digestOf(stored, candidate)) === true;
  }

  /**
   * Checks `candidate`. `source` is the client's address or IPv6 /64: no source may fill the queue
   * alone, and networks take turns in it.
   */
  async verify(kind: SecretKind, candidate: string, source: string): Promise<SecretVerdict> {
    const clear = this.deps.clear()[kind];
    if (clear !== undefined) return this.#sameText(clear, candidate) ? "ok" : "mismatch";
    const stored = this.deps.stored()[kind];
    if (!stored) return "unset";
    const digest = this.#digestOf(stored, candidate);
    const known = this.#known.get(digest);
    if (known !== undefined) return known ? "ok" : "mismatch";
    const running = this.#running.get(digest);
    if (running) return running;
    const hashing = this.#hashingFor.of(source);
    if (hashing >= this.deps.limits.argon2PerSource) return "busy";
    this.#hashingFor.add(source);
    const verdict = this.#hash({ hash: stored.hash, candidate, digest }, source);
    this.#running.set(digest, verdict);
    try {
      return await verdict;
    } finally {
      this.#running.delete(digest);
      this.#hashingFor.take(source);
    }
  }

  async #hash(
    { hash, candidate, digest }: { hash: string; candidate: string; digest: string },
    source: string,
  ): Promise<SecretVerdict> {
    const origin = { network: prefixKey(source), source };
    try {
      const right = await this.#turns.run(origin, () => this.deps.hasher.verify(hash, candidate));
      this.#remember(digest, right);
      return right ? "ok" : "mismatch";
    } catch (error) {
      if (error instanceof SemaphoreFull) return "busy";
      throw error;
    }
  }

  #remember(digest: string, right: boolean): void {
    this.#known.set(digest, right);
    if (this.#known.size <= this.deps.limits.knownSecrets) return;
    // Wrong guesses make room first, so a guesser cannot push the right secret out.
    for (const [key, value] of this.#known) {
      if (value) continue;
      this.#known.delete(key);
      return;
    }
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  #sameText(a: string, b: string): boolean {
    return timingSafeEqual(this.#digest(a), this.#digest(b));
  }

  #digestOf(stored: StoredSecret, candidate: string): string {
    return this.#digest(`${stored.hash}|${candidate}`).toString("base64");
  }

  #digest(text: string): Buffer {
    return createHmac("sha256", this.deps.cacheKey).update(text).digest();
  }
}
