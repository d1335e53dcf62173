import {
  fstatSync,
  ftruncateSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { type LogFileBounds, OwnLogs } from "./own-logs.ts";
import type { World } from "./world.ts";

/** What the log writes to: pino's stream. */
export interface LogStream {
  readonly fd: number;
  readonly file: string;
  /** Of a file that is made when one is opened; the umask narrows it. */
  mode: number;
  /** Opens `file` anew, once what is being written is; what comes meanwhile goes to the new one. */
  reopen(file: string): void;
  on(event: "write", then: (bytes: number) => void): unknown;
  on(event: "ready" | "error", then: () => void): unknown;
  removeAllListeners(event: "ready"): unknown;
}

/** A file is left this far below its bound: what is written next is no more. */
const ROOM = 64 * 1024;
/** How long a file that was moved away or deleted may get lines still, in milliseconds. */
const CHECK_MS = 1000;

/**
 * Keeps a log file and its older ones within their bounds, however much the gateway is made to write, and
 * follows its name: lines go to the file that bears it now. Nothing runs while nothing is logged.
 */
export class LogFile {
  #size = 0;
  /** How much of its beginning was there before and is no log of ours: that is never emptied. */
  #foreign = 0;
  readonly #own = new OwnLogs();
  #regular = false;
  /** Tells the open file from another of the same name. */
  #id = "";
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly stream: LogStream,
    private readonly file: string,
    private readonly deps: LogFileBounds & { readonly world: Pick<World, "monotonic"> },
  ) {
    const opened = () => this.#opened();
    stream.on("ready", opened);
    // Each try waits to close the file of before once it is opened. One that failed must not: that number
    // would be closed twice, and be another file's or socket's by then.
    stream.on("error", () => {
      stream.removeAllListeners("ready");
      stream.on("ready", opened);
    });
    stream.on("write", (bytes) => this.#wrote(bytes));
  }

  /** To be called before a line is written: another process may have moved or deleted the file. */
  check(): void {
    const now = this.deps.world.monotonic();
    if (!this.#regular || now - this.#checkedAt < CHECK_MS) return;
    this.#checkedAt = now;
    const stat = statOf(this.file);
    if (!stat || idOf(stat) !== this.#id) this.reopen();
    // Another process may write to it as well, or have emptied it.
    else this.#resized(stat.size);
  }

  reopen(): void {
    this.stream.reopen(this.file);
  }

  #opened(): void {
    const stat = fstatSync(this.stream.fd);
    if (stat.size === 0) this.#own.made(stat);
    // A device or a pipe has no size, and must not be moved away; nor what another process opened.
    this.#regular = stat.isFile() && !leadsToDescriptor(this.file);
    this.#id = idOf(stat);
    // The next one is for the same eyes.
    this.stream.mode = stat.mode & 0o777;
    this.#size = stat.size;
    this.#foreign = this.#regular && !this.#own.has(this.file) ? stat.size : 0;
    if (this.#isFull) this.#rotate();
  }

  get #isFull(): boolean {
    return this.#regular && this.#size - this.#foreign + ROOM > this.deps.fileBytes;
  }

  #resized(size: number): void {
    this.#size = size;
    this.#foreign = Math.min(this.#foreign, size);
  }

  #wrote(bytes: number): void {
    this.#size += bytes;
    if (this.#isFull) this.#rotate();
  }

  #rotate(): void {
    try {
      const file = realpathSync(this.file);
      // Its name may lead to another file already: then that one is taken, which has room or is rotated.
      if (idOf(statSync(file)) === this.#id) this.#own.shift(file, this.deps);
      this.reopen();
      // Where that fails the old one takes lines still, but not for ever.
      if (this.#size - this.#foreign < this.deps.fileBytes) return;
    } catch {
      // Where nothing can be moved older lines of ours go, so that newer ones have room.
    }
    try {
      this.#resized(Math.min(this.#foreign, fstatSync(this.stream.fd).size));
      ftruncateSync(this.stream.fd, this.#size);
    } catch {
      // One that only grows (chattr +a) is left alone until it is opened anew.
      this.#regular = false;
    }
  }
}

function idOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** As many links as the system follows. */
const MOST_LINKS = 40;

/**
 * Whether a path such as `/dev/stdout` leads to what this process was given open. That goes by no name:
 * moved away it is still what is opened next.
 */
function leadsToDescriptor(path: string): boolean {
  let at = path;
  try {
    for (let n = 0; n < MOST_LINKS; n += 1) {
      const folder = realpathSync(dirname(at));
      if (folder.startsWith("/proc/")) return true;
      at = resolve(folder, readlinkSync(at));
    }
  } catch {
    // No link any more.
  }
  return false;
}
