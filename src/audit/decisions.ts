import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { at, shell } from "../protocol/command.ts";
import { type RequestError, unavailable } from "../protocol/errors.ts";
import { plainText, say } from "../protocol/text.ts";
import { StoreError } from "../store/errors.ts";
import type { OtherChanges, Part } from "../store/parts.ts";
import type { Durability } from "../store/shape.ts";
import { bounded } from "./bounds.ts";
import { type AuditEvent, type AuditLine, chained } from "./chain.ts";
import { DecisionPace, paused } from "./pace.ts";
import type { AuditChange, AuditState, HostChange, HostState, LineAdded } from "./parts.ts";
import type { Notes } from "./write-ahead.ts";

/** What several changes came to: durable if all of them are. */
export function combinedDurability(...outcomes: readonly Durability[]): Durability {
  return outcomes.find(({ durable }) => !durable) ?? { durable: true };
}

/** Whether an outcome that says more is durable, and if not, why: that alone. */
export function durabilityOf({ durable, reason }: Durability): Durability {
  return { durable, ...(reason !== undefined && { reason }) };
}

/** How long to wait before another try, in milliseconds: room has to be made first. */
const FULL_RETRY_MS = 5000;

/** The lines that wait in the state are as many as may: nothing is decided that none could tell of. */
export function auditFull(): RequestError {
  const next = at("gateway", shell`df -h`);
  const message = plainText(say`the audit can't be written: make room (${next}), then try again`);
  return unavailable(message, FULL_RETRY_MS, { code: "AUDIT_NOT_WRITABLE", next });
}

interface Deps {
  readonly audit: Part<AuditState, AuditChange, LineAdded>;
  readonly host: Part<HostState, HostChange>;
  /** The wall clock, milliseconds. */
  readonly now: () => number;
  readonly limits: Limits;
  readonly world: Pick<World, "monotonic">;
}

/** A decision about one part of the state, and its line of the audit. */
export interface AuditedDecision<Change, Answer> {
  readonly changes: readonly Change[];
  readonly answer: Answer;
  /** What the line says; none where nothing is decided after all. */
  readonly event?: AuditEvent | undefined;
  /** Without changes: the durable state says the same as the answer, which therefore waits for nothing. */
  readonly settled?: boolean;
  /** What else changes with it. */
  readonly also?: readonly OtherChanges[];
  /**
   * It takes rights away, so it acts even when nothing can be written, and neither the pace of decisions
   * nor a full audit keeps it back.
   */
  readonly urgent?: boolean;
}

/** Decisions that carry a line of the audit: both are durable in one append, or neither is. */
export class Decisions implements Notes {
  readonly #pace: DecisionPace;
  readonly #listeners = new Set<(metric: string) => void>();

  constructor(private readonly deps: Deps) {
    this.#pace = new DecisionPace(deps.limits, deps.world, () => {
      for (const listener of this.#listeners) listener("decisions-refused");
    });
  }

  /** Calls `refused` with the name of a counter when a limit refuses a decision. Returns how to stop. */
  listen(refused: (metric: string) => void): () => void {
    this.#listeners.add(refused);
    return () => this.#listeners.delete(refused);
  }

  /** Decisions about `part`. */
  about<State, Change, Event>(part: Part<State, Change, Event>): AuditedPart<State, Change> {
    return new AuditedPart(part, this);
  }

  /**
   * Adds a line alone. Resolves with its number once it is durable.
   * @throws RequestError DECISIONS_PAUSED when its actor decided too much of late, AUDIT_NOT_WRITABLE when
   * the audit takes no more lines
   */
  async note(event: AuditEvent): Promise<number> {
    this.admit(event);
    return this.#note(event, false);
  }

  /** A line that nothing may keep back: where the disk takes none, it is kept until it does. */
  async noteAnyway(event: AuditEvent): Promise<number> {
    return this.#note(event, true);
  }

  async #note(event: AuditEvent, urgent: boolean): Promise<number> {
    const line = this.line(event);
    await this.deps.audit.commit([{ op: "audit", line }], { urgent });
    return line.seq;
  }

  /** The next line of the chain, to be committed in this same turn. */
  line(event: AuditEvent): AuditLine {
    const { audit, now, limits } = this.deps;
    return chained(audit.working.head, bounded(event, limits), now());
  }

  /** A line as a change beside others. */
  also(line: AuditLine): OtherChanges {
    return this.deps.audit.also([{ op: "audit", line }]);
  }

  /** @throws RequestError as {@link note} */
  admit(event: AuditEvent): void {
    const { host, limits } = this.deps;
    if (host.working.trail.outbox.length >= limits.auditOutbox) throw auditFull();
    this.paced(event);
  }

  /** Counts a decision that is about to be made. @throws RequestError where there were too many */
  paced(event: AuditEvent): void {
    // Behind the decision itself, which is committed in this turn.
    if (this.#pace.count(event)) queueMicrotask(() => void this.#pausedLine(event));
  }

  /** The line is kept until it is durable, so there is no need to wait for it. */
  async #pausedLine(event: AuditEvent): Promise<void> {
    await this.noteAnyway(paused(event)).catch(() => undefined);
  }
}

/** A part of the state whose decisions have their line in the audit. */
export class AuditedPart<State, Change> {
  constructor(
    private readonly part: Pick<Part<State, Change, never>, "decide" | "commit">,
    private readonly decisions: Decisions,
  ) {}

  /**
   * Decides in one step: `decide` is pure, and runs at once on the working state. Resolves with its answer,
   * and with the number of the line, once both are durable.
   * @throws StoreError, what `decide` threw, or RequestError as {@link Decisions.note} has it
   */
  async decide<Answer>(
    decide: (working: State) => AuditedDecision<Change, Answer>,
  ): Promise<{ readonly answer: Answer; readonly seq: number | undefined } & Durability> {
    let seq: number | undefined;
    const outcome = await this.part.decide((working) => {
      const { event, also = [], ...decision } = decide(working);
      if (!event) return { ...decision, also };
      if (!decision.urgent) this.decisions.admit(event);
      const line = this.decisions.line(event);
      seq = line.seq;
      return { ...decision, also: [...also, this.decisions.also(line)] };
    });
    return { ...outcome, seq };
  }

  /** Changes that are decided already, urgently. */
  async urgent(changes: readonly Change[], event: AuditEvent): Promise<Durability> {
    const decided = await this.decide(() => {
      return { changes, event, urgent: true, answer: undefined };
    });
    return durabilityOf(decided);
  }

  /**
   * As {@link urgent} for many: the line first, then the changes in as many commits as it takes. No
   * device's long texts may keep the others from being revoked.
   */
  async urgentMany(changes: readonly Change[], event: AuditEvent): Promise<Durability> {
    const [line, ...rest] = await Promise.all([this.urgent([], event), this.urgentParts(changes)]);
    return combinedDurability(line, ...rest);
  }

  /**
   * Commits changes that follow from a decision, urgently, in as many commits as they take.
   * @throws StoreError
   */
  async urgentParts(changes: readonly Change[]): Promise<Durability> {
    try {
      return await this.part.commit(changes, { urgent: true });
    } catch (error) {
      const tooLarge = error instanceof StoreError && error.code === "STORE_TOO_LARGE";
      if (!tooLarge || changes.length === 1) throw error;
      const half = changes.length >>> 1;
      const [first, second] = await Promise.all([
        this.urgentParts(changes.slice(0, half)),
        this.urgentParts(changes.slice(half)),
      ]);
      return combinedDurability(first, second);
    }
  }
}
