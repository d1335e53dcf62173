import { type FileSystem, type OpenFile, replaceFile, writeAll } from "../lib/atomic-file.ts";
import type { World } from "../lib/world.ts";
import { encodeHeader, type JournalHeader } from "./journal-line.ts";

/** What a journal needs from outside. */
export interface JournalOutside {
  fs: FileSystem;
  world: World;
}

/** A write that failed; `uncertain` if the bytes could not even be taken back. */
export class AppendFailure extends Error {
  readonly uncertain: boolean;

  constructor(cause: unknown, uncertain: boolean) {
    super("append failed", { cause });
    this.name = "AppendFailure";
    this.uncertain = uncertain;
  }
}

/**
 * One append-only file, open for writing. All it does is keep `length`, the end of the last group
 * that is durable: what a failed write left behind it is cut off before anything else is written.
 */
export class Journal {
  /** Where the file is now: a rewrite renames it while it stays open. */
  path: string;
  readonly #file: OpenFile;
  #length: number;
  #untidy = false;

  private constructor(path: string, file: OpenFile, length: number) {
    this.path = path;
    this.#file = file;
    this.#length = length;
  }

  /** Starts a new file, durable with its header when this resolves; replaces one of that name. */
  static async create(
    path: string,
    header: Omit<JournalHeader, "format">,
    outside: JournalOutside,
  ): Promise<Journal> {
    const bytes = Buffer.from(encodeHeader(header));
    await replaceFile(path, [bytes], outside);
    return new Journal(path, await outside.fs.openExisting(path), bytes.length);
  }

  /**
   * Opens a scanned file: cuts off a torn end, and syncs, because what was read may have come from
   * memory that a crash of the process, but not yet a power cut, has survived.
   * @throws the file system's error
   */
  static async open(
    path: string,
    content: { length: number; torn: number },
    outside: JournalOutside,
  ): Promise<Journal> {
    const file = await outside.fs.openExisting(path);
    try {
      if (content.torn > 0) await file.truncate(content.length);
      await file.sync();
    } catch (error) {
      await file.close();
      throw error;
    }
    return new Journal(path, file, content.length);
  }

  /** Bytes that are durable. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends a group of lines; resolves when it is durable.
   * @throws AppendFailure if it is not, which says whether the file is tidy again
   */
  async append(lines: string): Promise<void> {
    const bytes = Buffer.from(lines);
    try {
      if (this.#untidy) await this.#cutBack();
      this.#untidy = true;
      await writeAll(this.#file, bytes, this.#length);
      await this.#file.datasync();
    } catch (cause) {
      throw new AppendFailure(cause, !(await this.#tidy()));
    }
    this.#untidy = false;
    this.#length += bytes.length;
  }

  async #tidy(): Promise<boolean> {
    return this.#cutBack().then(
      () => true,
      () => false,
    );
  }

  /** After a failed fsync the kernel may have forgotten the pages: they must be written anew. */
  async #cutBack(): Promise<void> {
    await this.#file.truncate(this.#length);
    await this.#file.datasync();
    this.#untidy = false;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
