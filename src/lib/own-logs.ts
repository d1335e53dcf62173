import {
  closeSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
} from "node:fs";

/** How much of a log is kept. */
export interface LogFileBounds {
  /** One file, in bytes. */
  readonly fileBytes: number;
  /** Older files, as `FILE.1` (the newest) and so on. */
  readonly kept: number;
}

/** How a line of the gateway's log begins (src/lib/log.ts). */
const LINE = /^\{"level":\d+,"time":"\d{4}-\d\d-\d\dT[\d:.]+Z"[,}]/;
const BEGINNING_BYTES = 64;

/**
 * The files that are a log of ours: they begin like one, or this process began them. No other file is ever
 * removed, emptied or written over, by no name that it could have.
 */
export class OwnLogs {
  readonly #made = new Set<string>();

  /** Says that this process began the file. */
  made(stat: Stats): void {
    this.#made.add(keyOf(stat));
  }

  /** Whether the file is a log of ours. The path may be a link. */
  has(path: string): boolean {
    try {
      return this.#isOwn(realpathSync(path));
    } catch {
      return false;
    }
  }

  /**
   * Moves `FILE` to `FILE.1`, `FILE.1` to `FILE.2` and so on; the last one of ours goes, and one that is
   * larger than it could have become here. Files that are not ours stay, and their names are left out. A
   * `FILE` that is not ours itself is moved behind them all and stays there.
   * @throws Error where nothing can be moved
   */
  shift(file: string, { kept, fileBytes }: LogFileBounds): void {
    if (!this.#isOwn(file)) return renameSync(file, firstFree(file, kept + 1));
    const names = Array.from({ length: kept }, (_, n) => `${file}.${n + 1}`);
    const chain = [file, ...names.filter((name) => !statOf(name) || this.#isOwn(name))];
    if (chain.length === 1) throw new Error("other files have all of its names");
    for (let n = chain.length - 1; n >= 0; n -= 1) {
      const [from = "", to] = [chain[n], chain[n + 1]];
      const stat = statOf(from);
      if (!stat) continue;
      if (to === undefined || stat.size > fileBytes) this.#remove(from, stat);
      else renameSync(from, to);
    }
  }

  #isOwn(path: string): boolean {
    const stat = statOf(path);
    if (!stat?.isFile()) return false;
    return this.#made.has(keyOf(stat)) || LINE.test(beginningOf(path));
  }

  #remove(path: string, stat: Stats): void {
    rmSync(path, { force: true });
    this.#made.delete(keyOf(stat));
  }
}

/** A number that was given to another file since is told apart by when that began. */
function keyOf({ dev, ino, birthtimeMs }: Stats): string {
  return `${dev}:${ino}:${birthtimeMs}`;
}

function firstFree(file: string, from: number): string {
  for (let n = from; ; n += 1) {
    if (!statOf(`${file}.${n}`)) return `${file}.${n}`;
  }
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function beginningOf(path: string): string {
  try {
    const fd = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(BEGINNING_BYTES);
      return bytes.toString("latin1", 0, readSync(fd, bytes, 0, BEGINNING_BYTES, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return "";
  }
}
