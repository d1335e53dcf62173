import { join } from "node:path";
import { ensurePrivateFolder, type FileSystem, temporaryEnding } from "../lib/atomic-file.ts";
import { StoreError } from "./errors.ts";

/** The files of one document, absolute. */
export interface DocumentFiles {
  folder: string;
  /** All records up to some commit, rewritten now and then. */
  snapshot: string;
  /** The commits since. */
  journal: string;
  /** The commits since a rewrite began: takes the journal's name when that is done. */
  next: string;
  /** Space to give up when the disk is full. */
  reserve: string;
}

/**
 * The files of the document `name` in `folder`.
 * @throws TypeError for a name that is not lower-case letters, digits and dashes
 */
export function documentFiles(folder: string, name: string): DocumentFiles {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new TypeError(`not a document name: ${name}`);
  return {
    folder,
    snapshot: join(folder, `${name}.json`),
    journal: join(folder, `${name}.journal`),
    next: join(folder, `${name}.journal.next`),
    reserve: join(folder, `${name}.reserve`),
  };
}

/**
 * Makes folder and files fit to be used and returns which of them exist. Looser modes are tightened
 * and left-over temporary files removed; a file whose owner is not the folder's is refused, because
 * that user can still write it.
 * @throws StoreError, or the file system's error
 */
export async function prepareFiles(files: DocumentFiles, fs: FileSystem): Promise<Set<string>> {
  const { folder } = files;
  const owner = await checkFolder(folder, fs);
  const state = [files.snapshot, files.journal, files.next, files.reserve];
  const existing = new Set<string>();
  for (const name of await fs.list(folder)) {
    const path = join(folder, name);
    if (isLeftover(path, state)) await fs.unlink(path);
    if (!state.includes(path)) continue;
    await checkFile({ path, folder, owner }, fs);
    existing.add(path);
  }
  return existing;
}

async function checkFolder(folder: string, fs: FileSystem): Promise<number> {
  const { uid } = await ensurePrivateFolder(folder, fs);
  const self = fs.owner();
  if (self !== undefined && self !== uid) {
    // Files made now would belong to us and shut the owner out at its next start.
    const detail = `it belongs to user ${uid}, and this process runs as user ${self}`;
    throw new StoreError("STORE_OWNER", { folder, detail });
  }
  return uid;
}

async function checkFile(
  where: { path: string; folder: string; owner: number },
  fs: FileSystem,
): Promise<void> {
  const { path, folder, owner } = where;
  const facts = await fs.facts(path);
  // Reading a pipe would wait for ever, and a link would be followed to another user's file.
  if (facts.kind !== "file") {
    const detail = facts.kind === "folder" ? "a folder" : "a symbolic link, a pipe or the like";
    throw new StoreError("STORE_NOT_A_FILE", { folder, file: path, detail });
  }
  if (facts.uid !== owner) {
    const detail = `user ${facts.uid}, but the folder belongs to user ${owner}`;
    throw new StoreError("STORE_OWNER", { folder, file: path, detail });
  }
  if ((facts.mode & 0o077) !== 0) await fs.setMode(path, 0o600);
}

function isLeftover(path: string, state: readonly string[]): boolean {
  if (!path.endsWith(temporaryEnding)) return false;
  return state.some(
    (file) => path.startsWith(`${file}.`) && !path.slice(file.length + 1, -4).includes("."),
  );
}
