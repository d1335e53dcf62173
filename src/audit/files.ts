import { join } from "node:path";
import { type FileSystem, type OpenFile, systemFiles, writeAll } from "../lib/atomic-file.ts";
import { type AuditHead, type AuditLine, headOf, isLine } from "./chain.ts";

const NAME = /^audit-(\d{12})\.jsonl$/;
/** Lines that are written in one go. */
const AT_ONCE = 256;

/** `audit-<number of its first line>.jsonl`, so that names sort as the lines do. */
export function fileName(firstSeq: number): string {
  return `audit-${String(firstSeq).padStart(12, "0")}.jsonl`;
}

/** The number that a file's name says its first line has. */
export function firstSeqOf(name: string): number {
  return Number(NAME.exec(name)?.[1]);
}

/** The audit's files in `folder`, oldest first; none if there is no folder. */
export async function auditFiles(folder: string, files = systemFiles): Promise<string[]> {
  const names = await files.list(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => NAME.test(name)).sort();
}

/** The lines of a file as they are, without the last one where a crash cut it short. */
export function wholeLines(text: string): string[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1);
}

/** JSON, or `undefined` where it is none. */
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
    const name = (await auditFiles(this.folder, this.files)).at(-1);
    if (name === undefined) return 0;
    // Somebody put something else there: `verify` names it, and the audit goes on in another file.
    if ((await this.files.facts(join(this.folder, name))).kind !== "file") return 0;
    const text = (await this.files.readFile(join(this.folder, name))).toString("utf8");
    const lines = wholeLines(text);
    const bytes = Buffer.byteLength(lines.map((line) => `${line}\n`).join(""));
    const open = await this.files.openExisting(join(this.folder, name));
    this.#file = { open, bytes };
    if (bytes < Buffer.byteLength(text)) await open.truncate(bytes);
    const last = parse(lines.at(-1));
    return isLine(last) ? last.seq : firstSeqOf(name) - 1;
  }

  /** Appends and fsyncs. */
  async append(lines: readonly AuditLine[], dropping: Dropping): Promise<void> {
    for (let at = 0; at < lines.length; at += AT_ONCE) {
      const part = lines.slice(at, at + AT_ONCE);
      const text = Buffer.from(part.map((line) => `${JSON.stringify(line)}\n`).join(""));
      const full = !this.#file || this.#file.bytes + text.length > this.limits.auditFileBytes;
      if (full && part[0]) await this.#begin(part[0].seq, dropping);
      await this.#write(text);
    }
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
    await this.#removeOldest(dropping);
    await this.files.syncFolder(this.folder);
  }

  async #removeOldest(dropping: Dropping): Promise<void> {
    const names = await auditFiles(this.folder, this.files);
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
