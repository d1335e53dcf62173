import { bounded } from "../audit/bounds.ts";
import { type AuditEvent, chained } from "../audit/chain.ts";
import type { Beside } from "../audit/write-ahead.ts";
import type { Limits } from "../limits/table.ts";
import { type RequestError, unavailable } from "../protocol/errors.ts";
import { StoreError } from "../store/errors.ts";
import type { Document, Durability } from "../store/shape.ts";
import { type DecisionPace, paused } from "./pace.ts";
import type { PairingChange, PairingState } from "./records.ts";

/** What several changes came to: durable if all of them are. */
export function combinedDurability(...outcomes: readonly Durability[]): Durability {
  return outcomes.find(({ durable }) => !durable) ?? { durable: true };
}

interface Deps {
  readonly document: Document<PairingState, PairingChange>;
  /** The wall clock, milliseconds. */
  readonly now: () => number;
  readonly limits: Limits;
  /** A line of the audit is durable. */
  readonly told: () => void;
  readonly pace: DecisionPace;
}

const RETRY_MS = 1000;
/** Somebody has to make room first. */
const FULL_RETRY_MS = 5000;

/** Nobody is given anything, and no second one ends all, while all devices but some are revoked. */
export function beingRevoked(): RequestError {
  const message = "all devices but some are being revoked; try again in a moment";
  return unavailable(message, RETRY_MS, { code: "BEING_REVOKED", cure: "try again in a moment" });
}

/** The lines that wait in the state are as many as may: nothing is decided that none could tell of. */
export function auditFull(): RequestError {
  const message = "the audit can't be written: make room (df -h), then try again";
  const details = { code: "AUDIT_NOT_WRITABLE", cure: "df -h" };
  return unavailable(message, FULL_RETRY_MS, details);
}

/** Commits that carry a line of the audit: both are durable, or neither is. */
export class AuditedCommits {
  /** While set, nothing is given to anybody: all devices but some are being revoked. */
  givesNothing = false;

  constructor(private readonly deps: Deps) {}

  /**
   * @throws RequestError when nothing is given now, when whoever decides decided too much of late, or when
   * the audit takes no more lines.
   */
  async audited(changes: readonly PairingChange[], event: AuditEvent): Promise<void> {
    if (this.givesNothing) throw beingRevoked();
    await this.#plain(changes, event);
  }

  /**
   * A line, alone or with changes of the trail beside it. Resolves with its number once it is durable.
   * @throws as {@link audited}
   */
  async note(event: AuditEvent, beside?: Beside): Promise<number> {
    return this.#plain([], event, beside);
  }

  /** A line that nothing may keep back: where the disk takes none, it is kept until it does. */
  async noteAnyway(event: AuditEvent, beside?: Beside): Promise<number> {
    return (await this.#withLine([], event, { urgent: true, beside })).seq;
  }

  async #plain(
    changes: readonly PairingChange[],
    event: AuditEvent,
    beside?: Beside,
  ): Promise<number> {
    const { document, limits } = this.deps;
    if (document.working.trail.outbox.length >= limits.auditOutbox) throw auditFull();
    this.paced(event);
    return (await this.#withLine(changes, event, { beside })).seq;
  }

  /** Counts a decision that is about to be made. @throws RequestError where there were too many */
  paced(event: AuditEvent): void {
    // Behind the decision itself, which is committed in this turn.
    if (this.deps.pace.count(event)) queueMicrotask(() => void this.#pausedLine(event));
  }

  /** Kept until it is durable, so nobody has to wait for it. */
  async #pausedLine(event: AuditEvent): Promise<void> {
    await this.noteAnyway(paused(event)).catch(() => undefined);
  }

  /** Ends what somebody may do, so it acts even when nothing can be written. */
  urgent(changes: readonly PairingChange[], event?: AuditEvent): Promise<Durability> {
    if (event) return this.#withLine(changes, event, { urgent: true });
    return this.deps.document.commit(changes, { urgent: true });
  }

  /**
   * The same for many: the line first, then the changes in as many commits as it takes. No device's
   * long texts may keep the others from being revoked.
   */
  async urgentMany(changes: readonly PairingChange[], event: AuditEvent): Promise<Durability> {
    const [line, ...rest] = await Promise.all([this.urgent([], event), this.#parts(changes)]);
    return combinedDurability(line, ...rest);
  }

  async #parts(changes: readonly PairingChange[]): Promise<Durability> {
    try {
      return await this.urgent(changes);
    } catch (error) {
      const tooLarge = error instanceof StoreError && error.code === "STORE_TOO_LARGE";
      if (!tooLarge || changes.length === 1) throw error;
      const half = changes.length >>> 1;
      const first = await this.#parts(changes.slice(0, half));
      return combinedDurability(first, await this.#parts(changes.slice(half)));
    }
  }

  /** Chained and committed in one turn, so that the chain's order is the order of the commits. */
  async #withLine(
    changes: readonly PairingChange[],
    event: AuditEvent,
    { urgent, beside }: { urgent?: boolean; beside?: Beside | undefined },
  ): Promise<Durability & { seq: number }> {
    const { document, now, told, limits } = this.deps;
    const line = chained(document.working.trail.head, bounded(event, limits), now());
    const all = [...changes, ...(beside?.(line.seq) ?? []), { op: "audit", line } as const];
    const outcome = await document.commit(all, urgent ? { urgent } : {});
    told();
    return { ...outcome, seq: line.seq };
  }
}
