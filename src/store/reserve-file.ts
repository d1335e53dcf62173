import { type FileSystem, replaceFile } from "../lib/atomic-file.ts";
import type { World } from "../lib/world.ts";
import type { DocumentFiles } from "./files.ts";

/** How long after it was given up the reserve is asked for again; doubled each time in vain. */
const pauseMs = 5_000;
const longestPauseMs = 60_000;

/** A file that takes up room, to be given back when the disk is full and something must be written. */
export class ReserveFile {
  readonly #files: DocumentFiles;
  readonly #bytes: number;
  readonly #outside: { fs: FileSystem; world: World };
  #present = false;
  #askAgainAt = 0;
  #pause = pauseMs;

  constructor(files: DocumentFiles, bytes: number, outside: { fs: FileSystem; world: World }) {
    this.#files = files;
    this.#bytes = bytes;
    this.#outside = outside;
  }

  /** Whether {@link take} is worth calling. */
  get due(): boolean {
    return this.dueIn === 0;
  }

  /** Milliseconds until {@link take} is worth calling; undefined while there is no need. */
  get dueIn(): number | undefined {
    if (this.#present || this.#bytes === 0) return undefined;
    return Math.max(0, this.#askAgainAt - this.#outside.world.monotonic());
  }

  /** Takes the room up if it is there. Never rejects: doing without is possible. */
  async take(): Promise<void> {
    const { fs, world } = this.#outside;
    this.#askAgainAt = world.monotonic() + this.#pause;
    this.#pause = Math.min(this.#pause * 2, longestPauseMs);
    const present = await fs.facts(this.#files.reserve).catch(() => undefined);
    if (present?.size !== this.#bytes) {
      // Random bytes: a file system that compresses would keep no room for zeros.
      const bytes = world.bytes(this.#bytes);
      const taken = await replaceFile(this.#files.reserve, [bytes], this.#outside).catch(() => 0);
      if (taken !== this.#bytes) return;
    }
    this.#present = true;
    this.#pause = pauseMs;
  }

  /** Gives the room back; false if there was none to give. */
  async release(): Promise<boolean> {
    if (!this.#present) return false;
    const { fs, world } = this.#outside;
    this.#present = false;
    this.#askAgainAt = world.monotonic() + pauseMs;
    try {
      await fs.unlink(this.#files.reserve);
      // Some file systems hand freed blocks out only once the removal is durable.
      await fs.syncFolder(this.#files.folder);
    } catch {
      return false;
    }
    return true;
  }
}
