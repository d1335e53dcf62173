import { join } from "node:path";
import { Damage, quarantine } from "./damage.ts";
import { DurableFile, type SnapshotStore, snapshotStore } from "./durable-file.ts";
import { type DocumentFiles, prepareFiles } from "./files.ts";
import { Journal, type JournalOutside } from "./journal.ts";
import { journalFormat } from "./journal-line.ts";
import { readSegments, type Segment, type SegmentFiles } from "./segment-files.ts";
import type { SegmentParts } from "./segments.ts";
import type { ReplayShape } from "./shape.ts";
import { snapshotFormat } from "./snapshot-text.ts";
import { Pace } from "./time-slices.ts";
import { isOlder } from "./versions.ts";

/** A document as its files have it. */
export interface Recovered<State> {
  state: State;
  seq: number;
  /** Bytes of an unfinished write that were cut off. */
  torn: number;
  parts: SegmentParts;
}

/**
 * Reads a document from its folder and opens its journal. Damaged files are quarantined and
 * refused; nothing is changed then.
 * @throws StoreError, or the file system's error
 */
export async function recover<State, Change>(
  shape: ReplayShape<State, Change>,
  files: DocumentFiles,
  outside: JournalOutside,
): Promise<Recovered<State>> {
  try {
    return await new Recovery(shape, files, outside).run();
  } catch (error) {
    throw error instanceof Damage ? await quarantine(error, outside) : error;
  }
}

/**
 * Reads a document from its folder, and checks it as thoroughly as {@link recover}, without opening
 * anything for writing or changing anything.
 * @throws Damage, StoreError, or the file system's error
 */
export async function readDocument<State, Change>(
  shape: ReplayShape<State, Change>,
  files: DocumentFiles,
  outside: JournalOutside,
): Promise<Omit<Recovered<State>, "parts">> {
  const existing = new Set<string>();
  for (const name of await outside.fs.list(files.folder)) existing.add(join(files.folder, name));
  const { state, segments } = await new Recovery(shape, files, outside).read(existing);
  const last = segments.at(-1);
  return { state, seq: last?.lastSeq ?? 0, torn: last?.torn ?? 0 };
}

class Recovery<State, Change> {
  readonly #shape: ReplayShape<State, Change>;
  readonly #files: DocumentFiles;
  readonly #outside: JournalOutside;
  readonly #snapshot: DurableFile;
  readonly #low: SnapshotStore;
  #migrating = false;

  constructor(shape: ReplayShape<State, Change>, files: DocumentFiles, outside: JournalOutside) {
    this.#shape = shape;
    this.#files = files;
    this.#outside = outside;
    this.#snapshot = new DurableFile(files.snapshot, outside);
    this.#low = snapshotStore(this.#snapshot, { ...this.#identity(), seq: 0, records: [] });
  }

  async run(): Promise<Recovered<State>> {
    const { fs } = this.#outside;
    const existing = await prepareFiles(this.#files, fs);
    const { state, segments, useless } = await this.read(existing);
    const seq = segments.at(-1)?.lastSeq ?? 0;
    if (useless) await fs.unlink(useless);
    const parts = await this.#open(segments, { state, seq });
    // Names that were seen may not be durable themselves yet.
    await fs.syncFolder(this.#files.folder);
    return { state, seq, torn: segments.at(-1)?.torn ?? 0, parts };
  }

  /** What the files say, whole or not at all. Changes nothing. */
  async read(existing: Set<string>): Promise<SegmentFiles & { state: State }> {
    await this.#low.read();
    const state = this.#restore();
    const snapshotSeq = this.#low.data.seq;
    const found = await readSegments(this.#files, { existing, snapshotSeq }, this.#outside);
    for (const segment of found.segments) {
      await this.#replay(segment, { state, after: snapshotSeq });
    }
    this.#low.data = { ...this.#low.data, records: [] };
    return { ...found, state };
  }

  #identity() {
    return { name: this.#shape.name, version: this.#shape.version };
  }

  #restore(): State {
    const { header, path: file } = this.#snapshot;
    if (!header) return this.#shape.empty();
    const where = { file, folder: this.#files.folder, format: snapshotFormat };
    let records = this.#low.data.records;
    if (isOlder(where, header, this.#shape)) {
      this.#migrating = true;
      records = this.#shape.migrate?.records(header.version, [...records]) ?? records;
    }
    try {
      return this.#shape.restore(records);
    } catch (error) {
      throw new Damage({ file }, `its records do not fit: ${String(error)}`);
    }
  }

  async #replay(segment: Segment, onto: { state: State; after: number }): Promise<void> {
    const { path: file, header } = segment;
    const where = { file, folder: this.#files.folder, format: journalFormat };
    const older = isOlder(where, header, this.#shape);
    if (older) this.#migrating = true;
    const pace = new Pace(this.#outside.world);
    for (const [index, line] of segment.lines.entries()) {
      if (line.seq <= onto.after) continue;
      try {
        for (const change of this.#changes(line.changes, older ? header.version : undefined)) {
          this.#shape.apply(onto.state, change);
        }
      } catch (error) {
        throw new Damage({ file }, `commit ${line.seq} cannot be applied: ${String(error)}`);
      }
      if (index % 64 === 0 && pace.used) await pace.rest();
    }
  }

  #changes(changes: unknown[], from: number | undefined): readonly Change[] {
    const { migrate } = this.#shape;
    if (from === undefined || !migrate) return changes as Change[];
    return changes.flatMap((change) => [...migrate.change(from, change)]);
  }

  async #open(segments: Segment[], now: { state: State; seq: number }): Promise<SegmentParts> {
    const common = {
      files: this.#files,
      identity: this.#identity(),
      snapshot: this.#snapshot,
      low: this.#low,
    };
    const [older, next] = segments;
    if (!older) return { ...common, active: await this.#blank(0), olderBytes: undefined };
    if (this.#migrating) {
      return { ...common, active: await this.#migrate(segments, now), olderBytes: undefined };
    }
    const active = await Journal.open((next ?? older).path, next ?? older, this.#outside);
    return { ...common, active, olderBytes: next ? older.length : undefined };
  }

  #blank(after: number): Promise<Journal> {
    return Journal.create(this.#files.journal, { ...this.#identity(), after }, this.#outside);
  }

  /**
   * Rewrites an older document before the first commit: a journal file holds changes of one version
   * only. The order keeps the old files readable until the new snapshot stands in for them.
   */
  async #migrate(
    segments: Segment[],
    { state, seq }: { state: State; seq: number },
  ): Promise<Journal> {
    this.#low.data = { ...this.#identity(), seq, records: this.#shape.records(state) };
    await this.#low.write();
    this.#low.data = { ...this.#low.data, records: [] };
    if (segments.length > 1) {
      await this.#outside.fs.rename(this.#files.next, this.#files.journal);
    }
    return this.#blank(seq);
  }
}
