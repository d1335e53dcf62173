import type { Durations } from "../lib/durations.ts";

/**
 * What a service says about its document. Everything in it is pure and synchronous; values that are
 * stored in a state are never mutated afterwards, because states share them.
 */
export interface DocumentShape<State, Change, Event = never> {
  /** File name stem: lower-case letters, digits and dashes. */
  name: string;
  /** Raised whenever records or changes change their form. */
  version: number;
  empty(): State;
  /**
   * Mutates `state`, and nothing else, and depends on nothing else. Changes are plain JSON. A change
   * that no longer fits (its device is gone) must do nothing: after a failed write, urgent and
   * unacknowledged changes are applied to a state without the commits that failed.
   */
  apply(state: State, change: Change): void;
  /**
   * What follows from `change`, such as who is to be told: a pure function of the change and of the
   * state before it. The document calls it for each change that becomes durable, by any of its
   * callers, and hands the events to its listeners; not for a replay at the start.
   */
  follows?(state: State, change: Change): readonly Event[];
  /** Further changes that belong to `change` and are made durable with it. Pure, as `follows` is. */
  consequences?(state: State, change: Change): readonly Change[];
  /**
   * Snapshot records, plain JSON. The call itself takes a cheap shallow copy, while the event loop
   * waits; other work on a record is done as it is iterated, in slices, after `state` went on.
   */
  records(state: State): Iterable<unknown>;
  /** The state that `records` was taken from. */
  restore(records: Iterable<unknown>): State;
  /**
   * A second state with the same (shared) values, quicker than `restore(records(state))`, which
   * stands in for it: a failed write must not hold up the event loop. `new Map(state)` is one.
   */
  copy?(state: State): State;
  /** How files of an older version are read; without it they are refused. */
  migrate?: {
    records(from: number, records: unknown[]): unknown[];
    change(from: number, change: unknown): readonly Change[];
  };
}

/**
 * What is needed to read a document from its files: a replay makes no changes and raises no events.
 */
export type ReplayShape<State, Change> = Omit<
  DocumentShape<State, Change>,
  "follows" | "consequences"
>;

/**
 * Whether a change that took effect is on disk already: not so only for urgent ones, and `reason` then
 * says why.
 */
export interface Durability {
  readonly durable: boolean;
  readonly reason?: string;
}

/** What a decision comes to: what is to change, and the answer for its caller. */
export interface Decision<Change, Answer> {
  /** All of them become durable, or none does. Without any the answer waits for what it is based on. */
  readonly changes: readonly Change[];
  readonly answer: Answer;
  /** Without changes: the durable state says the same as the answer, which therefore waits for nothing. */
  readonly settled?: boolean;
  /** As {@link Document.commit} has it. */
  readonly urgent?: boolean;
}

/** Figures for health and metrics. */
export interface DocumentStats {
  /** Commits that became durable, and the fsyncs they shared. */
  commits: number;
  groups: number;
  /** Writes that failed. */
  failures: number;
  /** How long each write with its fsync took, also those that failed. */
  writes: Durations;
  /** Commits that wait for the disk, and changes that are visible but not durable yet. */
  waiting: number;
  kept: number;
  /** Unacknowledged changes that found no room to be kept: a crash would lose them. */
  dropped: number;
  journalBytes: number;
  snapshotBytes: number;
  snapshots: number;
  /** Bytes of a write that a crash had cut short, dropped when the document was opened. */
  tornBytes: number;
  /** The last failure, until a write succeeds. */
  lastError?: { code: string; message: string; at: number };
}

/** A document that is open. There is one writer: its opener holds the folder's lock. */
export interface Document<State, Change, Event = never> {
  /** What readers see: only what is fsynced (and what could not be, if it was urgent). */
  readonly durable: State;
  /** `durable` plus the commits in flight: what the next decision is based on. */
  readonly working: State;
  /** The last commit that is durable. */
  readonly seq: number;
  readonly stats: DocumentStats;
  /** An urgent commit is in force that could not be written yet: `durable` shows more than the disk. */
  readonly unsaved: boolean;
  /**
   * Applies all `changes` or none: to `working` at once, to `durable` when they are fsynced, which
   * is when this resolves. Rejects with a StoreError, or with what `apply` threw; then no view shows
   * them. A failed write also rejects the commits that were decided on top of it.
   *
   * With `urgent` a failed write is not a refusal: the changes are applied to both views, are tried
   * again with every following group and on a timer, and the outcome says they are not durable yet.
   */
  commit(changes: readonly Change[], options?: { urgent?: boolean }): Promise<Durability>;
  /**
   * Decides in one step: runs `decide`, a pure function, on the working state at once, and commits what
   * it returns. Resolves with its answer when that, and all that it was based on, is durable.
   * @throws StoreError, or what `decide` threw; then nothing was changed
   */
  decide<Answer>(
    decide: (working: State) => Decision<Change, Answer>,
  ): Promise<{ readonly answer: Answer } & Durability>;
  /**
   * Calls `listener` with each event that follows from a change, in the order of the changes, when it is
   * durable (or in force, if it is urgent and could not be written) and before its commit resolves. What
   * `listener` throws is logged. Returns how to stop.
   */
  listen(listener: (event: Event) => void): () => void;
  /**
   * Takes changes that no caller waits for, such as when a device was last seen: visible at once,
   * written with the next group or a few seconds later; a crash may lose them. Does nothing once
   * closed.
   */
  later(changes: readonly Change[]): void;
  /** Refuses new commits, writes what is waiting, closes the files. Rejects if something is lost. */
  close(): Promise<void>;
}

/** Where the store says what an operator should know; pino's loggers fit. */
export interface StoreLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}
