import { Durations } from "../lib/durations.ts";
import type { Timer, World } from "../lib/world.ts";
import { type Entry, encodeGroup, isLater, isPlain, takeUpTo } from "./entry.ts";
import { explain, type StoreError } from "./errors.ts";
import { AppendFailure } from "./journal.ts";
import type { StoreLimits } from "./limits.ts";
import type { ReserveFile } from "./reserve-file.ts";
import type { Segments } from "./segments.ts";
import type { StoreLog } from "./shape.ts";
import { Pace, reactionsDone } from "./time-slices.ts";
import type { Views } from "./views.ts";

/** After a rebuild of the working state, commits are refused unseen for this many times as long. */
const rebuildShare = 50;

const wellAgain = "the state is written again";

/** Says nothing, in as many bytes as a block of the disk has: blanks, which JSON ignores. */
const probe: Entry<never> = {
  kind: "later",
  given: [],
  changes: [],
  text: `[${" ".repeat(4096)}]`,
  shown: true,
  resolve() {},
  reject() {},
};

/** What a committer works on. */
export interface CommitterParts<State, Change, Event = never> {
  folder: string;
  views: Views<State, Change, Event>;
  segments: Segments;
  reserve: ReserveFile;
  world: World;
  limits: StoreLimits;
  log: StoreLog;
}

/**
 * Group commit. Entries wait in `queue`; one group at a time is written; what failed but must not be
 * lost is `kept` and goes at the head of every following group. Journal order, the order in which
 * entries become visible, and the order of their outcomes are all the same.
 */
export class Committer<State, Change, Event = never> {
  readonly #parts: CommitterParts<State, Change, Event>;
  #queue: Entry<Change>[] = [];
  #group: Entry<Change>[] = [];
  #kept: Entry<Change>[] = [];
  #seq: number;
  /** Length of the texts in `queue`. */
  #queued = 0;
  #busy = false;
  #done: Promise<void> = Promise.resolve();
  #wake: Timer | undefined;
  #retries = 0;
  /** The next group is for `kept` alone: room was made for it and nothing else. */
  #relief = false;
  /** An empty commit is to be written, because nothing else would show that the disk is well again. */
  #probing = false;
  /**
   * This group is a probe or a retry, not a caller's commit: its failure makes the next pause
   * longer.
   */
  #unasked = false;
  #taking: Promise<void> | undefined;
  #ended = false;
  #broken: StoreError | undefined;
  #refuseUntil = 0;
  readonly counts = { commits: 0, groups: 0, failures: 0, writes: new Durations() };
  /** The last failure and its wall-clock time, until a write succeeds. */
  lastFailure: StoreError | undefined;
  failedAt = 0;

  constructor(parts: CommitterParts<State, Change, Event>, seq: number) {
    this.#parts = parts;
    this.#seq = seq;
    this.#schedule();
  }

  get seq(): number {
    return this.#seq;
  }

  get waiting(): number {
    return this.#queue.length + this.#group.length;
  }

  /** The disk is too slow for what is asked of it: no more commits for now. */
  get crowded(): boolean {
    const { waitingCommits, waitingBytes } = this.#parts.limits;
    return this.waiting >= waitingCommits || this.#queued >= waitingBytes;
  }

  get kept(): readonly Entry<Change>[] {
    return this.#kept;
  }

  /** Something urgent is in force and not on the disk yet. */
  get unsaved(): boolean {
    const all = [...this.#group, ...this.#kept];
    return all.some(({ kind, shown }) => kind === "urgent" && shown);
  }

  /** Nothing is being written and nothing waits in front: a change may be shown at once. */
  get idle(): boolean {
    return !this.#busy;
  }

  /** Set when a bug, not a disk, stopped this committer: nothing is accepted any more. */
  get broken(): StoreError | undefined {
    return this.#broken;
  }

  /**
   * Set for a moment after a write failed, for plain commits. Each failure costs a pass over all
   * records, and a client that goes on asking while the disk is full must not use up the processor
   * with it.
   */
  get failing(): StoreError | undefined {
    if (!this.lastFailure || this.#parts.world.monotonic() >= this.#refuseUntil) return undefined;
    return this.#unwritten(this.lastFailure);
  }

  /** Entries that `working` shows and `durable` does not yet, in order. */
  pending(): Entry<Change>[] {
    return [...this.#group, ...this.#kept, ...this.#queue].filter((entry) => !entry.shown);
  }

  /** Queues an entry that `working` shows already. */
  add(entry: Entry<Change>): void {
    this.#queue.push(entry);
    this.#queued += entry.text.length;
    this.#start();
  }

  /** Keeps an entry that both views show already, for the next group. */
  keep(entry: Entry<Change>): void {
    this.#kept.push(entry);
    this.#schedule();
  }

  /** Writes all there is, once; afterwards `kept` holds what could not be written. */
  async flush(): Promise<void> {
    await this.#settled();
    if (this.#kept.length > 0 && !this.#broken) this.#start();
    await this.#settled();
    this.#ended = true;
    this.#wake?.cancel();
    this.#wake = undefined;
    await this.#taking;
  }

  async #settled(): Promise<void> {
    while (this.#busy) await this.#done;
  }

  #start(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#wake?.cancel();
    this.#wake = undefined;
    this.#done = this.#drain().catch((error) => this.#break(error));
  }

  async #drain(): Promise<void> {
    // Commits of this same turn share the first group.
    await null;
    let ok = true;
    while (this.#queue.length > 0 || (ok && (this.#kept.length > 0 || this.#probing))) {
      ok = await this.#writeGroup();
      if (ok && this.#kept.length === 0 && this.#queue.every(isLater)) break;
    }
    this.#keepQueued();
    this.#busy = false;
    this.#unasked = false;
    this.#schedule();
  }

  /**
   * What came during the last write and can wait is shown now and goes with the next group: a disk that
   * takes its time must not be kept busy by changes that no caller waits for.
   */
  #keepQueued(): void {
    const { views } = this.#parts;
    const entries = this.#queue;
    this.#queue = [];
    this.#queued = 0;
    for (const entry of entries) {
      views.show(entry);
      this.#kept.push(entry);
      views.tell(entry);
    }
  }

  /** One group. False if it failed and there is no point in trying what is kept again now. */
  async #writeGroup(): Promise<boolean> {
    const group = takeUpTo(this.#kept, this.#parts.limits.groupBytes);
    if (this.#kept.length === 0 && !this.#relief) {
      const fresh = takeUpTo(this.#queue, this.#parts.limits.groupBytes);
      for (const { text } of fresh) this.#queued -= text.length;
      group.push(...fresh);
    }
    this.#relief = false;
    if (group.length === 0) group.push(probe);
    this.#probing = false;
    this.#group = group;
    const startedAt = this.#parts.world.monotonic();
    const took = () => this.counts.writes.record(this.#parts.world.monotonic() - startedAt);
    try {
      await this.#parts.segments.append(encodeGroup(group, this.#seq));
    } catch (error) {
      took();
      return this.#fail(error);
    }
    took();
    await this.#succeed();
    const { segments, views, reserve } = this.#parts;
    // With nothing kept, the durable state is exactly what the journal says up to here.
    if (this.#kept.length === 0) await segments.compact(this.#seq, () => views.records());
    if (reserve.due) await reserve.take();
    return true;
  }

  async #succeed(): Promise<void> {
    const group = this.#group;
    this.#group = [];
    this.#seq += group.length;
    this.counts.commits += group.length;
    this.counts.groups += 1;
    this.#retries = 0;
    if (this.lastFailure) this.#parts.log.info({ file: this.#parts.segments.path }, wellAgain);
    this.lastFailure = undefined;
    for (const entry of group) this.#parts.views.show(entry);
    // A flood is durable all at once, but each of its changes may be an event for everybody.
    const pace = new Pace(this.#parts.world);
    for (const entry of group) {
      this.#parts.views.tell(entry);
      entry.resolve({ durable: true });
      await reactionsDone();
      if (pace.used) await pace.rest();
    }
  }

  async #fail(failure: unknown): Promise<boolean> {
    this.counts.failures += 1;
    const error = this.#explain(failure);
    this.#refusePlain(error);
    const { reserve, log } = this.#parts;
    log.error({ err: error, code: error.code }, "a write failed");
    const urgent = this.#kept.some((entry) => entry.kind === "urgent");
    if (error.code === "STORE_DISK_FULL" && urgent && (await reserve.release())) {
      this.#relief = true;
      return true;
    }
    for (const entry of this.#kept) {
      this.#parts.views.show(entry);
      this.#parts.views.tell(entry);
      entry.resolve({ durable: false, reason: error.message });
    }
    this.#retries = this.#unasked ? this.#retries + 1 : Math.max(this.#retries, 1);
    return false;
  }

  /**
   * Refuses the failed group's plain commits, and with them those that wait, because they were
   * decided on a state that never came to be. The others are kept.
   */
  #refusePlain(error: StoreError): void {
    const group = this.#group;
    this.#group = [];
    const refused = group.filter(isPlain);
    const lasting = group.filter((entry) => !isPlain(entry) && entry !== probe);
    this.#kept = [...lasting, ...this.#kept];
    if (refused.length === 0 && !this.#keepsMoreThanAGroup) return;
    const behind = this.#queue;
    this.#queue = [];
    this.#queued = 0;
    this.#kept.push(...behind.filter((entry) => !isPlain(entry)));
    const unwritten = behind.filter(isPlain);
    if (refused.length + unwritten.length === 0) return;
    const unfit = this.#rebuild();
    this.#kept = this.#kept.filter((entry) => !unfit.has(entry));
    for (const [entry, cause] of unfit) entry.reject(cause);
    for (const entry of refused) entry.reject(error);
    for (const entry of unwritten) entry.reject(this.#unwritten(error));
  }

  /**
   * Whether the kept entries fill more than one group: what waits behind them would not be tried
   * then, and its callers would get no answer.
   */
  get #keepsMoreThanAGroup(): boolean {
    let room = this.#parts.limits.groupBytes;
    for (const { text } of this.#kept) room -= text.length;
    return room < 0;
  }

  #rebuild(): Map<Entry<Change>, unknown> {
    const { views, world } = this.#parts;
    const started = world.monotonic();
    const unfit = views.rebuild(this.pending());
    const ended = world.monotonic();
    this.#refuseUntil = ended + (ended - started) * rebuildShare;
    return unfit;
  }

  #explain(failure: unknown): StoreError {
    const { folder, segments, world } = this.#parts;
    const uncertain = failure instanceof AppendFailure && failure.uncertain;
    const cause = failure instanceof AppendFailure ? failure.cause : failure;
    const error = explain(cause, { folder, file: segments.path, uncertain });
    this.lastFailure = error;
    this.failedAt = world.now();
    return error;
  }

  /** The same failure for a commit whose bytes never went anywhere. */
  #unwritten(error: StoreError): StoreError {
    const { folder, segments } = this.#parts;
    return explain(error.cause, { folder, file: segments.path });
  }

  #schedule(): void {
    if (this.#wake || this.#busy || this.#broken || this.#ended) return;
    const wait = this.#nextWork();
    if (wait === undefined) return;
    this.#wake = this.#parts.world.after(wait, () => {
      this.#wake = undefined;
      this.#probing = this.lastFailure !== undefined;
      this.#unasked = true;
      if (this.#probing || this.#kept.length > 0) return this.#start();
      this.#taking = this.#parts.reserve.take().then(() => this.#schedule());
    });
  }

  /** Milliseconds until something is to be done without being asked for; undefined for never. */
  #nextWork(): number | undefined {
    const { limits, reserve } = this.#parts;
    const backoff = Math.min(limits.retryMs * 2 ** (this.#retries - 1), limits.retryMaxMs);
    if (this.lastFailure) return backoff;
    return this.#kept.length > 0 ? limits.laterMs : reserve.dueIn;
  }

  #break(cause: unknown): void {
    const { folder, segments, log } = this.#parts;
    this.#broken = explain(cause, { folder, file: segments.path });
    this.#busy = false;
    log.error({ err: cause }, "the document stopped: restart the gateway");
    const all = [...this.#group, ...this.#kept, ...this.#queue];
    for (const entry of all) entry.reject(this.#broken);
    this.#group = [];
    this.#kept = [];
    this.#queue = [];
  }
}
