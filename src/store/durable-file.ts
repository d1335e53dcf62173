import { type Adapter, Low } from "lowdb";
import { type FileSystem, replaceFile } from "../lib/atomic-file.ts";
import type { World } from "../lib/world.ts";
import { systemCode } from "./errors.ts";
import {
  decodeSnapshot,
  encodeSnapshot,
  type Snapshot,
  type SnapshotHeader,
} from "./snapshot-text.ts";

/**
 * The lowdb adapter for snapshot files. lowdb's own file adapter renames without any fsync, so a
 * power cut can leave an empty file; this one goes through {@link replaceFile}, carries a checksum
 * and leaves the event loop its turns.
 */
export class DurableFile implements Adapter<Snapshot> {
  readonly path: string;
  readonly #fs: FileSystem;
  readonly #world: World;
  /** Size in bytes of what was read or written last; 0 if there is no file. */
  size = 0;
  /** The header that was read; its version is not checked yet. */
  header: SnapshotHeader | undefined;

  constructor(path: string, outside: { fs: FileSystem; world: World }) {
    this.path = path;
    this.#fs = outside.fs;
    this.#world = outside.world;
  }

  /**
   * The snapshot as it was written, or null if there is no such file.
   * @throws Damage if it is not as written, else the file system's error
   */
  async read(): Promise<Snapshot | null> {
    let bytes: Buffer;
    try {
      bytes = await this.#fs.readFile(this.path);
    } catch (error) {
      if (systemCode(error) === "ENOENT") return null;
      throw error;
    }
    const { header, records } = await decodeSnapshot(this.path, bytes, this.#world);
    this.size = bytes.length;
    this.header = header;
    return { name: header.name, version: header.version, seq: header.seq, records };
  }

  /** Resolves when the whole snapshot is durable under its name. */
  async write(snapshot: Snapshot): Promise<void> {
    const chunks = await encodeSnapshot(snapshot, this.#world);
    this.size = await replaceFile(this.path, chunks, { fs: this.#fs, world: this.#world });
  }
}

/** A snapshot file behind lowdb's two methods; `data` is what was read or is to be written. */
export type SnapshotStore = Low<Snapshot>;

/** `empty` is what `data` is while there is no file. */
export function snapshotStore(file: DurableFile, empty: Snapshot): SnapshotStore {
  return new Low(file, empty);
}
