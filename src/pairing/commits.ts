import { type AuditEvent, chained } from "../audit/chain.ts";
import { unavailable } from "../protocol/errors.ts";
import type { Limits } from "../protocol/limits.ts";
import { StoreError } from "../store/errors.ts";
import type { Document } from "../store/shape.ts";
import type { PairingChange, PairingState } from "./records.ts";

/** Whether a change that took effect is on disk already. */
export interface Durability {
  readonly durable: boolean;
  readonly reason?: string;
}

interface Deps {
  readonly document: Document<PairingState, PairingChange>;
  /** The wall clock, milliseconds. */
  readonly now: () => number;
  readonly limits: Limits;
  /** A line of the audit is durable. */
  readonly told: () => void;
}

/** Commits that carry a line of the audit: both are durable, or neither is. */
export class AuditedCommits {
  constructor(private readonly deps: Deps) {}

  /** @throws RequestError when so many lines wait for the audit's file that no more are taken. */
  async audited(changes: readonly PairingChange[], event: AuditEvent): Promise<void> {
    const { document, limits } = this.deps;
    if (document.working.trail.outbox.length >= limits.auditOutbox) {
      throw unavailable("the audit can't be written: make room (df -h), then try again");
    }
    await this.#withLine(changes, event, {});
  }

  /** Ends what somebody may do, so it acts even when nothing can be written. */
  urgent(changes: readonly PairingChange[], event?: AuditEvent): Promise<Durability> {
    if (event) return this.#withLine(changes, event, { urgent: true });
    return this.deps.document.commit(changes, { urgent: true });
  }

  /** In as many commits as it takes: no device's long texts may keep the others from being revoked. */
  async urgentParts(changes: readonly PairingChange[]): Promise<void> {
    try {
      if (changes.length > 0) await this.urgent(changes);
    } catch (error) {
      const tooLarge = error instanceof StoreError && error.code === "STORE_TOO_LARGE";
      if (!tooLarge || changes.length === 1) throw error;
      const half = changes.length >>> 1;
      await this.urgentParts(changes.slice(0, half));
      await this.urgentParts(changes.slice(half));
    }
  }

  /** Chained and committed in one turn, so that the chain's order is the order of the commits. */
  async #withLine(
    changes: readonly PairingChange[],
    event: AuditEvent,
    options: { urgent?: boolean },
  ): Promise<Durability> {
    const { document, now, told } = this.deps;
    const line = chained(document.working.trail.head, event, now());
    const outcome = await document.commit([...changes, { op: "audit", line }], options);
    told();
    return outcome;
  }
}
