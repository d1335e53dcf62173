import { join } from "node:path";
import { type FileSystem, type OpenFile, systemFiles, writeAll } from "../lib/atomic-file.ts";
import { type AuditHead, type AuditLine, headOf, isLine } from "./chain.ts";

const NAME = /^audit-(\d{12})\.jsonl$/;
/** Lines of one write and fsync, at most. */
const AT_ONCE = 256;

/** `audit-<number of its first line>.jsonl`, so that names sort as the lines do. */
export function fileName(firstSeq: number): string {
  return `audit-${String(firstSeq).padStart(12, "0")}.jsonl`;
}

/** The number of the first line, from a file's name. */
export function firstSeqOf(name: string): number {
  return Number(NAME.exec(name)?.[1]);
}

/** All names in `folder`, sorted; none if there is no folder. */
export async function namesIn(folder: string, files = systemFiles): Promise<string[]> {
  const names = await files.list(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.sort();
}

/** The audit's files in `folder`, oldest first. */
export async function auditFiles(folder: string, files = systemFiles): Promise<string[]> {
  return (await namesIn(folder, files)).filter(isAuditFile);
}

export function isAuditFile(name: string): boolean {
  return NAME.test(name);
}

/** The lines of a file as they are, without the last one where a crash cut it short. */
export function wholeLines(text: string): string[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1);
}

/** The value of a JSON text, or `undefined` where it is none. */
export function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

export interface AuditFileLimits {
  readonly auditFileBytes: number;
  readonly auditFiles: number;
}

/** Notes where the chain will begin; a file goes once that is durable. */
export type Dropping = (floor: AuditHead) => Promise<void>;

/**
 * Appends lines to the newest file and begins another when it is full. Nothing is ever changed; the
 * oldest file goes when there are too many. There is one writer, and it writes one thing at a time.
 */
export class AuditFiles {
  #file: { open: OpenFile; bytes: number } | undefined;

  constructor(
    readonly folder: string,
    private readonly limits: AuditFileLimits,
    private readonly files: FileSystem = systemFiles,
  ) {}

  /**
   * Opens the newest file behind its last whole line; what a crash had cut short is taken off, since
   * the state still has it. Resolves with the number of the last line, 0 if there is none.
   */
  async open(): Promise<number> {
    await this.close();
    await this.files.makeFolder(this.folder, 0o700);
    const empty = new Map<number, string>();
    for (const name of (await auditFiles(this.folder, this.files)).reverse()) {
      // Something else stands there: `verify` names it, and the audit goes on in another file.
      if ((await this.files.facts(join(this.folder, name))).kind !== "file") return 0;
      const text = (await this.files.readFile(join(this.folder, name))).toString("utf8");
      const lines = wholeLines(text);
      if (lines.length === 0) empty.set(firstSeqOf(name), name);
      else return this.#goOn(empty, { name, text, lines });
    }
    const first = empty.get(1);
    if (first !== undefined) await this.#openAt(first, 0);
    return 0;
  }

  /**
   * A file without a line was made for the next one right before a crash, and is filled; or it was put
   * there, and says nothing of where the audit ends.
   */
  async #goOn(
    empty: ReadonlyMap<number, string>,
    { name, text, lines }: { name: string; text: string; lines: readonly string[] },
  ): Promise<number> {
    const bytes = Buffer.byteLength(lines.map((line) => `${line}\n`).join(""));
    const line = parse(lines.at(-1));
    const last = isLine(line) ? line.seq : firstSeqOf(name) - 1;
    const next = empty.get(last + 1);
    if (next !== undefined && bytes === Buffer.byteLength(text)) await this.#openAt(next, 0);
    else await this.#openAt(name, bytes);
    return last;
  }

  /** Opens a file and takes off what is behind its first `bytes`. */
  async #openAt(name: string, bytes: number): Promise<void> {
    const path = join(this.folder, name);
    const open = await this.files.openExisting(path);
    this.#file = { open, bytes };
    if ((await this.files.facts(path)).size > bytes) await open.truncate(bytes);
  }

  /** Appends lines and fsyncs; resolves once they are durable. */
  async append(lines: readonly AuditLine[], dropping: Dropping): Promise<void> {
    for (let at = 0; at < lines.length; ) {
      const part = this.#fitting(lines.slice(at, at + AT_ONCE));
      at += part.length;
      const text = Buffer.from(part.join(""));
      const full = !this.#file || this.#file.bytes + text.length > this.limits.auditFileBytes;
      const first = lines[at - part.length];
      if (full && first) await this.#begin(first.seq, dropping);
      await this.#write(text);
    }
  }

  /** The first of `lines`, as text, that fit into one file together: one at least. */
  #fitting(lines: readonly AuditLine[]): string[] {
    const texts: string[] = [];
    let room = this.limits.auditFileBytes;
    for (const line of lines) {
      const text = `${JSON.stringify(line)}\n`;
      room -= Buffer.byteLength(text);
      if (room < 0 && texts.length > 0) break;
      texts.push(text);
    }
    return texts;
  }

  async #write(text: Buffer): Promise<void> {
    const file = this.#file;
    if (!file) throw new Error("no audit file is open");
    // At a place, not at the end: what a failed write left behind is written over.
    await writeAll(file.open, text, file.bytes);
    await file.open.datasync();
    file.bytes += text.length;
  }

  async #begin(firstSeq: number, dropping: Dropping): Promise<void> {
    const path = join(this.folder, fileName(firstSeq));
    await this.close();
    // An empty one may be left from a try that failed. Whatever else is there is not written over.
    const open = await this.files.openNew(path, 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return this.files.openExisting(path);
      throw error;
    });
    this.#file = { open, bytes: (await this.files.facts(path)).size };
    await this.#removeOldest(fileName(firstSeq), dropping);
    await this.files.syncFolder(this.folder);
  }

  /** Names of lines to come were put there: they must push none out that is real. */
  async #removeOldest(newest: string, dropping: Dropping): Promise<void> {
    const all = await auditFiles(this.folder, this.files);
    const names = all.filter((name) => name <= newest);
    for (const name of names.slice(0, Math.max(0, names.length - this.limits.auditFiles))) {
      const path = join(this.folder, name);
      const { kind } = await this.files.facts(path);
      const text = kind === "file" ? (await this.files.readFile(path)).toString("utf8") : "";
      const last = parse(wholeLines(text).at(-1));
      if (isLine(last)) await dropping(headOf(last));
      await this.files.unlink(path);
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.open.close();
  }
}
