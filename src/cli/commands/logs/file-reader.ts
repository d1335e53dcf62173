import { type FileHandle, open, stat } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";

/** Bytes of a file's end that are looked at first, and then where that is too little. */
const TAILS = [256 * 1024, 4 * 1024 * 1024, Number.POSITIVE_INFINITY] as const;
const CHUNK = 1024 * 1024;
/** Older files of a log, `FILE.1` (the newest) and so on, that are looked for. */
const OLDER = 9;

/** Reads a log file's end, and then on, also where another file takes its place: no line is lost or doubled. */
export class FileReader {
  #file: FileHandle | undefined;
  #id = "";
  #at = 0;
  /** The start of a line whose end was not written yet. */
  #rest = "";
  #decoder = new StringDecoder("utf8");

  constructor(private readonly path: string) {}

  /**
   * The last lines, the oldest first, from as many files as it takes until `enough` says so of them; from
   * where they end {@link more} goes on. None where there is no file yet.
   * @throws Error of the file system where the file may not be read
   */
  async tail(enough: (lines: readonly string[]) => boolean): Promise<string[]> {
    await this.#open();
    let lines = this.#file ? await this.#tailOf(this.#file, enough) : [];
    for (let n = 1; n <= OLDER && !enough(lines); n += 1) {
      const older = await openIf(`${this.path}.${n}`);
      if (!older) break;
      try {
        // The one that was read already.
        if (idOf(await older.stat()) === this.#id) continue;
        lines = [...(await linesOf(older)), ...lines];
      } finally {
        await older.close();
      }
    }
    return lines;
  }

  /** Begins at the end of the file as it is now. */
  async skip(): Promise<void> {
    await this.#open();
    this.#at = (await this.#file?.stat())?.size ?? 0;
  }

  /** What was written since. */
  async more(): Promise<string[]> {
    const first = await this.#drain();
    const now = await statIf(this.path);
    const newest = now ?? (await statIf(`${this.path}.1`));
    if (!newest || idOf(newest) === this.#id) return first;
    // Moved to a name of another kind, beside one that was moved to this name long before.
    const mine = await this.#file?.stat();
    if (!now && mine && mine.mtimeMs > newest.mtimeMs) return first;
    // Once more: what was written until the other one took its place.
    const last = await this.#drain();
    const between = await this.#between(now ? 1 : 2);
    await this.#open();
    return [first, last, between, await this.#drain()].flat();
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    this.#id = "";
  }

  async #open(): Promise<void> {
    await this.close();
    // Moved away, and not there anew yet: it may be written to still.
    this.#file = (await openIf(this.path)) ?? (await openIf(`${this.path}.1`));
    this.#begin();
    if (this.#file) this.#id = idOf(await this.#file.stat());
  }

  /** Stands at the start of the file. */
  #begin(): void {
    this.#at = 0;
    this.#rest = "";
    this.#decoder = new StringDecoder("utf8");
  }

  async #tailOf(file: FileHandle, enough: (lines: readonly string[]) => boolean) {
    const { size } = await file.stat();
    for (const bytes of TAILS) {
      const start = Math.max(0, size - bytes);
      this.#decoder = new StringDecoder("utf8");
      const lines = (await this.#readFrom(file, start, size)).split("\n");
      this.#rest = lines.pop() ?? "";
      // The first line of a part that begins in the middle is a torn one.
      if (start > 0) lines.shift();
      const whole = lines.filter((line) => line !== "");
      if (start === 0 || enough(whole)) return whole;
    }
    return [];
  }

  /** From `start` to `end`, which is where it stands then. */
  async #readFrom(file: FileHandle, start: number, end: number): Promise<string> {
    let text = "";
    this.#at = start;
    while (this.#at < end) {
      const size = Math.min(CHUNK, end - this.#at);
      const { bytesRead, buffer } = await file.read(Buffer.alloc(size), 0, size, this.#at);
      if (bytesRead === 0) break;
      this.#at += bytesRead;
      text += this.#decoder.write(buffer.subarray(0, bytesRead));
    }
    return text;
  }

  async #drain(): Promise<string[]> {
    if (!this.#file) return [];
    const { size } = await this.#file.stat();
    // It was emptied, to begin anew.
    if (size < this.#at) this.#begin();
    const text = await this.#readFrom(this.#file, this.#at, Number.POSITIVE_INFINITY);
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.filter((line) => line !== "");
  }

  /** What stands in files that came after the one that was read, from `FILE.<from>` on. */
  async #between(from: number): Promise<string[]> {
    const lines: string[][] = [];
    for (let n = from; n <= OLDER; n += 1) {
      const older = await openIf(`${this.path}.${n}`);
      if (!older) return [];
      try {
        if (idOf(await older.stat()) === this.#id) return lines.flat();
        lines.unshift(await linesOf(older));
      } finally {
        await older.close();
      }
    }
    return [];
  }
}

async function statIf(path: string) {
  return stat(path).catch(() => undefined);
}

async function linesOf(file: FileHandle): Promise<string[]> {
  return (await file.readFile("utf8")).split("\n").filter((line) => line !== "");
}

async function openIf(path: string): Promise<FileHandle | undefined> {
  return open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

function idOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`;
}
