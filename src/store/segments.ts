import type { DurableFile, SnapshotStore } from "./durable-file.ts";
import type { DocumentFiles } from "./files.ts";
import { Journal, type JournalOutside } from "./journal.ts";
import { encodeSeal } from "./journal-line.ts";
import type { StoreLog } from "./shape.ts";
import type { Snapshot } from "./snapshot-text.ts";

/** After a rewrite failed, this long until the next group tries again, in milliseconds. */
const rewritePauseMs = 30_000;

/** The files of an open document, as recovery left them. */
export interface SegmentParts {
  files: DocumentFiles;
  identity: { name: string; version: number };
  /** The file that commits go to. */
  active: Journal;
  /** Bytes of `<name>.journal` while `active` is `<name>.journal.next`; undefined otherwise. */
  olderBytes: number | undefined;
  snapshot: DurableFile;
  low: SnapshotStore;
}

/** What decides about rewrites and hears about them. */
export interface SegmentSettings {
  outside: JournalOutside;
  log: StoreLog;
  /** The journal may always grow to this many bytes. */
  journalBytes: number;
}

/**
 * The journal and its snapshot. A rewrite goes: start `<name>.journal.next` and let commits go
 * there; write the snapshot; rename `.next` over `<name>.journal`, which at once removes what the
 * snapshot covers. After a crash between any two of these the files still add up.
 */
export class Segments {
  readonly #settings: SegmentSettings;
  readonly #parts: SegmentParts;
  #rewriting: Promise<void> | undefined;
  #notBefore = 0;
  #appended = false;
  rewrites = 0;

  constructor(parts: SegmentParts, settings: SegmentSettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  get path(): string {
    return this.#parts.active.path;
  }

  get journalBytes(): number {
    return this.#parts.active.length + (this.#parts.olderBytes ?? 0);
  }

  get snapshotBytes(): number {
    return this.#parts.snapshot.size;
  }

  async append(lines: string): Promise<void> {
    await this.#parts.active.append(lines);
    this.#appended = true;
  }

  /**
   * Called between groups, when the durable state is exactly the journal up to `seq`: begins a
   * rewrite of the snapshot if one is due. Resolves when commits may go on; the rewrite itself runs
   * beside them.
   */
  async compact(seq: number, records: () => Iterable<unknown>): Promise<void> {
    if (this.#rewriting || !this.#due()) return;
    try {
      await this.#startNext(seq);
    } catch (error) {
      this.#failed(error);
      return;
    }
    const snapshot = { ...this.#parts.identity, seq, records: records() };
    this.#rewriting = this.#rewrite(snapshot)
      .catch((error) => this.#failed(error))
      .finally(() => {
        this.#rewriting = undefined;
      });
  }

  #due(): boolean {
    if (this.#settings.outside.world.monotonic() < this.#notBefore) return false;
    if (this.#parts.olderBytes !== undefined) return true;
    const bound = Math.max(this.#settings.journalBytes, this.#parts.snapshot.size);
    return this.#parts.active.length > bound;
  }

  async #startNext(after: number): Promise<void> {
    const parts = this.#parts;
    if (parts.olderBytes !== undefined) return;
    const header = { ...parts.identity, after };
    const next = await Journal.create(parts.files.next, header, this.#settings.outside);
    const older = parts.active;
    parts.olderBytes = older.length;
    parts.active = next;
    await older.close().catch(() => undefined);
  }

  async #rewrite(snapshot: Snapshot): Promise<void> {
    const { low, files, active } = this.#parts;
    low.data = snapshot;
    try {
      await low.write();
    } finally {
      // The records would keep replaced values alive until the next rewrite.
      low.data = { ...snapshot, records: [] };
    }
    const { fs } = this.#settings.outside;
    await fs.rename(files.next, files.journal);
    active.path = files.journal;
    this.#parts.olderBytes = undefined;
    this.rewrites += 1;
    await fs.syncFolder(files.folder);
  }

  #failed(error: unknown): void {
    const { outside, log } = this.#settings;
    this.#notBefore = outside.world.monotonic() + rewritePauseMs;
    const facts = { err: error, file: this.#parts.files.snapshot };
    log.warn(facts, "the snapshot could not be rewritten; the journal goes on");
  }

  /** Waits for a rewrite, seals the journal if anything was written, and closes it. */
  async close(seq: number): Promise<void> {
    await this.#rewriting;
    try {
      // Without a seal the last group could not be told from a torn one: nothing is lost, though.
      if (this.#appended) await this.#parts.active.append(encodeSeal(seq)).catch(() => undefined);
    } finally {
      await this.#parts.active.close();
    }
  }
}
