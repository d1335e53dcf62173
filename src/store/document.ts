import { type FileSystem, systemFiles } from "../lib/atomic-file.ts";
import type { World } from "../lib/world.ts";
import { Committer } from "./committer.ts";
import type { Entry, EntryKind } from "./entry.ts";
import { explain, StoreError } from "./errors.ts";
import { documentFiles } from "./files.ts";
import { type StoreLimits, storeLimits } from "./limits.ts";
import { type Recovered, recover } from "./recover.ts";
import { ReserveFile } from "./reserve-file.ts";
import { Segments } from "./segments.ts";
import type {
  Decision,
  Document,
  DocumentShape,
  DocumentStats,
  Durability,
  StoreLog,
} from "./shape.ts";
import { Views } from "./views.ts";

export type {
  Decision,
  Document,
  DocumentShape,
  DocumentStats,
  Durability,
  StoreLog,
} from "./shape.ts";

/** Where a document lives and what it works with. */
export interface OpenOptions {
  /** The state folder, absolute. Its writer's lock must be held. */
  folder: string;
  world: World;
  fs?: FileSystem;
  log?: StoreLog;
  limits?: Partial<StoreLimits>;
}

const silent: StoreLog = { info() {}, warn() {}, error() {} };

/**
 * Opens a document, or starts an empty one if there are no files of that name.
 *
 *     const devices = await openDocument(devicesShape, { folder, world });
 *     await devices.commit([{ type: "approved", device }]); // resolves once it is on the disk
 *
 * @throws StoreError
 */
export async function openDocument<State, Change, Event = never>(
  shape: DocumentShape<State, Change, Event>,
  options: OpenOptions,
): Promise<Document<State, Change, Event>> {
  const { folder, world, fs = systemFiles, log = silent } = options;
  const outside = { fs, world };
  const files = documentFiles(folder, shape.name);
  const limits = { ...storeLimits, ...options.limits };
  const found = await recover(shape, files, outside).catch((error) => {
    throw explain(error, { folder, file: pathOf(error) ?? files.journal });
  });
  if (found.torn > 0) {
    const facts = { file: found.parts.active.path, bytes: found.torn };
    log.warn(facts, "dropped the end of a write that a crash had cut short");
  }
  const reserve = new ReserveFile(files, limits.reserveBytes, outside);
  await reserve.take();
  const views = new Views(shape, found.state, log);
  const settings = { outside, log, journalBytes: limits.journalBytes };
  const segments = new Segments(found.parts, settings);
  const parts = { folder, views, segments, reserve, world, limits, log };
  return new StoredDocument(new Committer(parts, found.seq), { ...parts, found });
}

interface Parts<State, Change, Event> {
  folder: string;
  views: Views<State, Change, Event>;
  segments: Segments;
  limits: StoreLimits;
  found: Recovered<State>;
}

/** Node's file errors name the path they are about. */
function pathOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("path" in error)) return undefined;
  return typeof error.path === "string" ? error.path : undefined;
}

class StoredDocument<State, Change, Event> implements Document<State, Change, Event> {
  readonly #committer: Committer<State, Change, Event>;
  readonly #parts: Parts<State, Change, Event>;
  readonly #tornBytes: number;
  #dropped = 0;
  #closing: Promise<void> | undefined;

  constructor(committer: Committer<State, Change, Event>, parts: Parts<State, Change, Event>) {
    this.#committer = committer;
    this.#parts = parts;
    this.#tornBytes = parts.found.torn;
  }

  get durable(): State {
    return this.#parts.views.durable;
  }

  get working(): State {
    return this.#parts.views.working;
  }

  get seq(): number {
    return this.#committer.seq;
  }

  get unsaved(): boolean {
    return this.#committer.unsaved;
  }

  get stats(): DocumentStats {
    const { segments } = this.#parts;
    const { lastFailure, failedAt, counts, waiting, kept } = this.#committer;
    return {
      ...counts,
      waiting,
      kept: kept.length,
      dropped: this.#dropped,
      journalBytes: segments.journalBytes,
      snapshotBytes: segments.snapshotBytes,
      snapshots: segments.rewrites,
      tornBytes: this.#tornBytes,
      ...(lastFailure && {
        lastError: { code: lastFailure.code, message: lastFailure.message, at: failedAt },
      }),
    };
  }

  async commit(
    changes: readonly Change[],
    { urgent = false }: { urgent?: boolean } = {},
  ): Promise<Durability> {
    return this.#commit(changes, urgent);
  }

  async decide<Answer>(
    decide: (working: State) => Decision<Change, Answer>,
  ): Promise<{ readonly answer: Answer } & Durability> {
    const refusal = this.#refusal();
    if (refusal) throw refusal;
    const { changes, answer, settled = false, urgent = false } = decide(this.working);
    if (settled && changes.length === 0) return { answer, ...this.#durability() };
    const outcome = await this.#commit(changes, urgent);
    return { answer, ...outcome };
  }

  async #commit(given: readonly Change[], urgent: boolean): Promise<Durability> {
    const refusal = this.#refusal();
    if (refusal) throw refusal;
    // What changes nothing is as true as what it was decided on: no sooner than that is durable.
    if (given.length === 0 && this.#committer.pending().length === 0) return this.#durability();
    const changes = this.#parts.views.whole(given);
    const text = this.#serialize(changes);
    if (!urgent && this.#committer.failing) throw this.#committer.failing;
    if (!urgent && this.#committer.crowded) throw this.#error("STORE_BUSY");
    this.#propose(changes);
    return new Promise((resolve, reject) => {
      const kind: EntryKind = urgent ? "urgent" : "plain";
      this.#committer.add({ kind, given, changes, text, shown: false, resolve, reject });
    });
  }

  /** Of what is decided and in force. */
  #durability(): Durability {
    if (!this.unsaved) return { durable: true };
    const { lastFailure } = this.#committer;
    return { durable: false, ...(lastFailure && { reason: lastFailure.message }) };
  }

  listen(listener: (event: Event) => void): () => void {
    return this.#parts.views.listen(listener);
  }

  later(given: readonly Change[]): void {
    if (this.#refusal() || given.length === 0) return;
    const { limits, views } = this.#parts;
    const changes = views.whole(given);
    const text = this.#serialize(changes);
    const { idle, waiting, kept } = this.#committer;
    const room = kept.length + waiting < limits.laterEntries;
    if (!room) this.#dropped += 1;
    if (!room && !idle) return;
    this.#propose(changes);
    const settled = { resolve() {}, reject() {} };
    const what = { given, changes, text, shown: false };
    const entry: Entry<Change> = { kind: "later", ...what, ...settled };
    if (idle) {
      views.show(entry);
      if (room) this.#committer.keep(entry);
      views.tell(entry);
    } else {
      this.#committer.add(entry);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#committer.flush();
    await this.#parts.segments.close(this.seq);
    const { kept, lastFailure } = this.#committer;
    const lost = kept.filter(({ kind }) => kind === "urgent").length;
    if (lost === 0 || !lastFailure) return;
    const { folder, segments } = this.#parts;
    const detail = `${lastFailure.message}; ${lost} ${lost === 1 ? "change was" : "changes were"}`;
    const facts = { folder, file: segments.path, detail, cause: lastFailure };
    throw new StoreError("STORE_LOST", facts);
  }

  #refusal(): StoreError | undefined {
    if (this.#closing) return this.#error("STORE_CLOSED");
    return this.#committer.broken;
  }

  #serialize(changes: readonly Change[]): string {
    const text = JSON.stringify(changes);
    const most = this.#parts.limits.commitBytes;
    if (text.length <= most) return text;
    throw this.#error("STORE_TOO_LARGE", `${text.length} characters, the limit is ${most}`);
  }

  #propose(changes: readonly Change[]): void {
    this.#parts.views.propose(changes, () => this.#committer.pending());
  }

  #error(code: "STORE_BUSY" | "STORE_CLOSED" | "STORE_TOO_LARGE", detail?: string): StoreError {
    const { folder, segments } = this.#parts;
    return new StoreError(code, { folder, file: segments.path, ...(detail && { detail }) });
  }
}
