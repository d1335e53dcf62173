import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";

/** The kernel's bound on a Unix socket's path, in bytes, without the closing zero. */
export const longestSocketPath = 107;

/**
 * A folder in which sockets can be bound and dialled however long its path is: where the kernel's
 * 107 bytes do not suffice, they are named through the open folder's descriptor.
 */
export class SocketFolder {
  readonly path: string;
  readonly #handle: FileHandle | undefined;

  private constructor(path: string, handle: FileHandle | undefined) {
    this.path = path;
    this.#handle = handle;
  }

  /**
   * Opens the folder `path` for sockets whose names have at most `longestName` bytes.
   * @throws RangeError where a path gets too long for a socket and the system is not Linux
   * @throws Error of the system where the folder cannot be opened
   */
  static async open(path: string, longestName: number): Promise<SocketFolder> {
    const needed = Buffer.byteLength(path) + 1 + longestName;
    if (needed <= longestSocketPath) return new SocketFolder(path, undefined);
    if (process.platform !== "linux") {
      throw new RangeError(`the path is too long for a socket: ${needed} bytes: ${path}`);
    }
    return new SocketFolder(path, await open(path, "r"));
  }

  /** For everything but sockets. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** For `bind` and `connect`. */
  socket(name: string): string {
    return this.#handle ? `/proc/self/fd/${this.#handle.fd}/${name}` : this.file(name);
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }
}
