import { constants } from "node:fs";
import * as node from "node:fs/promises";
import { dirname } from "node:path";
import { systemWorld, type World } from "./world.ts";

/** What the rest of the code asks of `lstat`: kind, owner, mode (permission bits) and bytes. */
export interface FileFacts {
  kind: "file" | "folder" | "other";
  uid: number;
  mode: number;
  size: number;
}

/** An open file. Every method may reject with a Node system error (`code` such as ENOSPC). */
export interface OpenFile {
  /** Writes at `position` (bytes) and returns how many bytes went in: fewer than asked is normal. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** fsync: content and metadata. */
  sync(): Promise<void>;
  /** fdatasync: content and what is needed to read it back, which includes the length. */
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * The file system as a value, so that tests can run out of space, fail a single fsync, or lose the
 * power between two steps. `openNew` fails if the name exists; neither way of opening follows a
 * symbolic link.
 */
export interface FileSystem {
  openNew(path: string, mode: number): Promise<OpenFile>;
  openExisting(path: string): Promise<OpenFile>;
  /** The whole content, or its first `most` bytes. */
  readFile(path: string, most?: number): Promise<Buffer>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  list(folder: string): Promise<string[]>;
  makeFolder(path: string, mode: number): Promise<void>;
  facts(path: string): Promise<FileFacts>;
  setMode(path: string, mode: number): Promise<void>;
  setOwner(path: string, uid: number, gid: number): Promise<void>;
  /** Makes the names inside a folder durable. */
  syncFolder(path: string): Promise<void>;
  /** The user new files will belong to, or undefined where the platform has none. */
  owner(): number | undefined;
}

/**
 * Makes a folder with its parents. Node.js's own way has no end where a parent can't hold folders,
 * as /proc can't, and says ENOENT of a read-only file system.
 */
async function makeFolder(path: string, mode: number): Promise<void> {
  const make = () =>
    node.mkdir(path, { mode }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  const parent = dirname(path);
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" || parent === path) throw error;
    await makeFolder(parent, mode);
    await make();
  });
}

async function readStart(path: string, most: number): Promise<Buffer> {
  const file = await node.open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The machine's file system. */
export const systemFiles: FileSystem = {
  openNew: (path, mode) => openFile(path, constants.O_CREAT | constants.O_EXCL, mode),
  openExisting: (path) => openFile(path, constants.O_NOFOLLOW),
  readFile: (path, most) => (most === undefined ? node.readFile(path) : readStart(path, most)),
  rename: (from, to) => node.rename(from, to),
  unlink: (path) => node.unlink(path),
  list: (folder) => node.readdir(folder),
  makeFolder,
  async facts(path) {
    const stat = await node.lstat(path);
    const kind = stat.isFile() ? "file" : stat.isDirectory() ? "folder" : "other";
    return { kind, uid: stat.uid, mode: stat.mode & 0o7777, size: stat.size };
  },
  setMode: (path, mode) => node.chmod(path, mode),
  setOwner: (path, uid, gid) => node.chown(path, uid, gid),
  async syncFolder(path) {
    const handle = await node.open(path, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  owner: () => process.geteuid?.(),
};

async function openFile(path: string, flags: number, mode?: number): Promise<OpenFile> {
  const handle = await node.open(path, constants.O_RDWR | flags, mode);
  return {
    async write(bytes, position) {
      return (await handle.write(bytes, 0, bytes.byteLength, position)).bytesWritten;
    },
    sync: () => handle.sync(),
    datasync: () => handle.datasync(),
    truncate: (length) => handle.truncate(length),
    close: () => handle.close(),
  };
}

/**
 * Writes every byte, however little the file system takes at a time.
 * @throws Error of the file system; code ENOSPC where it takes no byte
 */
export async function writeAll(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const took = await file.write(bytes.subarray(done), position + done);
    if (took <= 0) throw Object.assign(new Error("the disk took no bytes"), { code: "ENOSPC" });
    done += took;
  }
}

/** Where {@link replaceFile} gets its file system and its random temporary names. */
export interface ReplaceOptions {
  fs?: FileSystem;
  world?: Pick<World, "bytes">;
  /** What the new file gets before it takes the old one's place; 0600 and this process otherwise. */
  identity?: { readonly mode: number; readonly uid: number; readonly gid: number } | undefined;
}

/** The ending of temporary files: one that is left over belongs to a write that was cut short. */
export const temporaryEnding = ".tmp";

/**
 * Replaces `path` so that a crash at any moment leaves either the old content or the new, whole: a
 * temporary file beside it (mode 0600), all bytes, fsync, rename, fsync of the folder. Returns the
 * bytes written. Only when the folder's own fsync fails is it open which of the two a crash would
 * leave. It is ours because the packages for this leave the folder's fsync out, so that the old
 * content may be back after a power cut, and none lets a test fail one of the steps.
 * @throws Error of the file system, after the temporary file is removed
 */
export async function replaceFile(
  path: string,
  chunks: Iterable<Uint8Array>,
  options: ReplaceOptions = {},
): Promise<number> {
  const fs = options.fs ?? systemFiles;
  const unique = (options.world ?? systemWorld).bytes(6).toString("hex");
  const temporary = `${path}.${unique}${temporaryEnding}`;
  let size = 0;
  try {
    const file = await fs.openNew(temporary, 0o600);
    try {
      for (const chunk of chunks) {
        await writeAll(file, chunk, size);
        size += chunk.byteLength;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    if (options.identity) await dress(fs, temporary, options.identity);
    await fs.rename(temporary, path);
  } catch (error) {
    await fs.unlink(temporary).catch(() => undefined);
    throw error;
  }
  await fs.syncFolder(dirname(path));
  return size;
}

/** Only root can give a file away; for all others it is theirs already. */
async function dress(
  fs: FileSystem,
  path: string,
  identity: NonNullable<ReplaceOptions["identity"]>,
): Promise<void> {
  if (process.getuid?.() === 0) await fs.setOwner(path, identity.uid, identity.gid);
  await fs.setMode(path, identity.mode);
}

/**
 * Makes sure `path` is a folder that only its owner can enter (0700), creating it and its parents
 * or tightening its mode. A link is followed where root or this user made it: one of another user,
 * who owns the folder that it is in, would have root act on what it leads to.
 * @throws Error of the file system; code ENOTDIR if something else is there
 */
export async function ensurePrivateFolder(
  path: string,
  fs: FileSystem = systemFiles,
): Promise<FileFacts> {
  await fs.makeFolder(path, 0o700);
  const { kind, uid } = await fs.facts(path);
  if (kind === "other" && uid !== 0 && uid !== fs.owner()) {
    throw Object.assign(new Error(`${path} is a link of another user`), { code: "ENOTDIR" });
  }
  // The folder itself may be a symbolic link (systemd's DynamicUser makes one): look behind it.
  const facts = await fs.facts(`${path}/.`);
  if (facts.kind !== "folder") {
    throw Object.assign(new Error(`${path} is not a folder`), { code: "ENOTDIR" });
  }
  if ((facts.mode & 0o077) !== 0) await fs.setMode(path, 0o700);
  return { ...facts, mode: 0o700 };
}
