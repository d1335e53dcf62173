import { basename, dirname } from "node:path";
import type { FileFacts, FileSystem, OpenFile } from "../../../src/lib/atomic-file.ts";

/** One thing the file system is asked to do; `index` counts from 0. */
export interface Step {
  index: number;
  what: string;
  path: string;
}

/** What happens instead: an error, fewer bytes than asked, or the power goes (half-way if a write). */
export type Fault = { error: string } | { short: number } | { crash: true };

type FileChange = { at: number; bytes: Buffer } | { truncate: number };

/** Content as the process sees it, and as it would be after a power cut. */
class Inode {
  content: Buffer = Buffer.alloc(0);
  synced: Buffer = Buffer.alloc(0);
  pending: FileChange[] = [];
  mode = 0o600;
  uid = 1000;

  change(change: FileChange): void {
    this.content = applied(this.content, change);
    this.pending.push(change);
  }

  copy(): Inode {
    return Object.assign(new Inode(), this, { pending: [...this.pending] });
  }

  sync(): void {
    this.synced = this.content;
    this.pending = [];
  }
}

function applied(content: Buffer, change: FileChange): Buffer {
  if ("truncate" in change) {
    const cut = Buffer.alloc(change.truncate);
    content.copy(cut);
    return cut;
  }
  const grown = Buffer.alloc(Math.max(content.length, change.at + change.bytes.length));
  content.copy(grown);
  change.bytes.copy(grown, change.at);
  return grown;
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}

/**
 * A file system in memory that remembers what is durable. `plan` decides the fate of every step;
 * after a crash nothing ever answers again, and `afterPowerCut` gives what the next start finds.
 */
export class MemoryFiles implements FileSystem {
  plan: (step: Step) => Fault | undefined = () => undefined;
  /** Bytes all files together may have. */
  capacity = Number.POSITIVE_INFINITY;
  folderMode = 0o700;
  readonly #folders = new Set<string>();
  user = 1000;
  steps: Step[] = [];
  crashed = false;
  readonly inodes = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #pendingNames: Map<string, Inode>[] = [];

  /** A test's own way in: the content as it is, durable or not. */
  content(path: string): Buffer {
    const inode = this.inodes.get(path);
    if (!inode) throw failure("ENOENT", path);
    return inode.content;
  }

  /** Puts a durable file there. */
  put(path: string, content: Uint8Array): void {
    const inode = this.inodes.get(path) ?? new Inode();
    inode.content = Buffer.from(content);
    inode.sync();
    this.inodes.set(path, inode);
    this.#durableNames = new Map(this.inodes);
  }

  remove(path: string): void {
    this.inodes.delete(path);
    this.#durableNames = new Map(this.inodes);
  }

  /**
   * What a disk may hold after the power went: of the changes not synced, the first few, the last of
   * them perhaps half. `pick(n)` returns an integer from 0 to n.
   */
  afterPowerCut(pick: (most: number) => number): MemoryFiles {
    const next = new MemoryFiles();
    const states = [this.#durableNames, ...this.#pendingNames];
    const names = states[pick(states.length - 1)] ?? this.#durableNames;
    for (const [path, inode] of names) next.put(path, surviving(inode, pick));
    return next;
  }

  /** What the next process finds when only this one was killed: a power cut may still follow. */
  afterKill(): MemoryFiles {
    const next = new MemoryFiles();
    const copies = new Map<Inode, Inode>();
    const copy = (names: Map<string, Inode>) => {
      const entries = [...names].map(([path, inode]): [string, Inode] => {
        const same = copies.get(inode) ?? inode.copy();
        copies.set(inode, same);
        return [path, same];
      });
      return new Map(entries);
    };
    for (const [path, inode] of copy(this.inodes)) next.inodes.set(path, inode);
    next.#durableNames = copy(this.#durableNames);
    next.#pendingNames = this.#pendingNames.map(copy);
    return next;
  }

  async openNew(path: string, mode: number): Promise<OpenFile> {
    await this.#step("openNew", path);
    if (this.inodes.has(path)) throw failure("EEXIST", path);
    const inode = new Inode();
    inode.mode = mode;
    this.#rename(() => this.inodes.set(path, inode));
    return this.#handle(path, inode);
  }

  async openExisting(path: string): Promise<OpenFile> {
    await this.#step("openExisting", path);
    return this.#handle(path, this.#find(path));
  }

  async readFile(path: string, most?: number): Promise<Buffer> {
    await this.#step("readFile", path);
    return Buffer.from(this.#find(path).content.subarray(0, most));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step("rename", to);
    const inode = this.#find(from);
    this.#rename(() => {
      this.inodes.delete(from);
      this.inodes.set(to, inode);
    });
  }

  async unlink(path: string): Promise<void> {
    await this.#step("unlink", path);
    this.#find(path);
    this.#rename(() => this.inodes.delete(path));
  }

  async list(folder: string): Promise<string[]> {
    await this.#step("list", folder);
    return [...this.inodes.keys()]
      .filter((path) => dirname(path) === folder)
      .map((p) => basename(p));
  }

  async makeFolder(path: string): Promise<void> {
    await this.#step("makeFolder", path);
    this.#folders.add(path);
  }

  async facts(path: string): Promise<FileFacts> {
    await this.#step("facts", path);
    const inode = this.inodes.get(path);
    if (inode) {
      return { kind: "file", uid: inode.uid, mode: inode.mode, size: inode.content.length };
    }
    if (!path.endsWith("/.") && !this.#folders.has(path)) throw failure("ENOENT", path);
    return { kind: "folder", uid: 1000, mode: this.folderMode, size: 0 };
  }

  async setOwner(path: string, uid: number, _gid: number): Promise<void> {
    await this.#step("setOwner", path);
    const inode = this.inodes.get(path);
    if (inode) inode.uid = uid;
  }

  async setMode(path: string, mode: number): Promise<void> {
    await this.#step("setMode", path);
    const inode = this.inodes.get(path);
    if (inode) inode.mode = mode;
    else this.folderMode = mode;
  }

  async syncFolder(path: string): Promise<void> {
    await this.#step("syncFolder", path);
    this.#durableNames = new Map(this.inodes);
    this.#pendingNames = [];
  }

  owner(): number {
    return this.user;
  }

  #handle(path: string, inode: Inode): OpenFile {
    return {
      write: async (bytes, position) => {
        const most = await this.#step("write", path, (part) => {
          const cut = Buffer.from(bytes.subarray(0, Math.floor(bytes.byteLength * part)));
          inode.change({ at: position, bytes: cut });
        });
        const room = this.capacity - this.#used() + inode.content.length - position;
        const count = Math.min(bytes.byteLength, most ?? bytes.byteLength, Math.max(room, 0));
        if (count === 0) throw failure("ENOSPC", path);
        inode.change({ at: position, bytes: Buffer.from(bytes.subarray(0, count)) });
        return count;
      },
      sync: async () => {
        await this.#step("sync", path);
        inode.sync();
      },
      datasync: async () => {
        await this.#step("datasync", path);
        inode.sync();
      },
      truncate: async (length) => {
        await this.#step("truncate", path);
        inode.change({ truncate: length });
      },
      close: async () => {
        await this.#step("close", path);
      },
    };
  }

  /** Resolves to a bound on the bytes taken, if there is one. */
  async #step(what: string, path: string, half?: (part: number) => void) {
    if (this.crashed) return new Promise<never>(() => undefined);
    const step = { index: this.steps.length, what, path };
    this.steps.push(step);
    const fault = this.plan(step);
    await null;
    if (!fault) return undefined;
    if ("short" in fault) return Math.max(fault.short, 1);
    if ("error" in fault) throw failure(fault.error, path);
    this.crashed = true;
    half?.(0.5);
    return new Promise<never>(() => undefined);
  }

  #find(path: string): Inode {
    const inode = this.inodes.get(path);
    if (!inode) throw failure("ENOENT", path);
    return inode;
  }

  #rename(change: () => void): void {
    change();
    this.#pendingNames.push(new Map(this.inodes));
  }

  #used(): number {
    let sum = 0;
    for (const inode of this.inodes.values()) sum += inode.content.length;
    return sum;
  }
}

function surviving(inode: Inode, pick: (most: number) => number): Buffer {
  let content: Buffer = inode.synced;
  const whole = pick(inode.pending.length);
  for (const change of inode.pending.slice(0, whole)) content = applied(content, change);
  const torn = inode.pending[whole];
  if (!torn || "truncate" in torn) return content;
  const part = torn.bytes.subarray(0, pick(torn.bytes.length));
  return part.length > 0 ? applied(content, { at: torn.at, bytes: part }) : content;
}
