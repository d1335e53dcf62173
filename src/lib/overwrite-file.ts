import { type FileSystem, type OpenFile, systemFiles, writeAll } from "./atomic-file.ts";

/** What a file says, and what it is to say. */
export interface Overwrite {
  readonly before: Buffer;
  readonly after: Buffer;
}

const LINE_BREAK = 0x0a;

/**
 * Gives a file that says `before` the content `after`, where it can't be replaced. Until the end it has
 * the longer one's length, filled up with line breaks: of a text that means the same with them, as JSON
 * does, a reader sees one or the other. Where the disk is full nothing changes; where writing fails later
 * the old content is written back. A crash may leave a mixture, which {@link isMixture} knows.
 * @throws Error of the file system
 */
export async function overwriteFile(
  path: string,
  { before, after }: Overwrite,
  fs: FileSystem = systemFiles,
): Promise<void> {
  const file = await fs.openExisting(path);
  try {
    await grow(file, before.length, after.length);
    try {
      await writeAll(file, filled(after, before.length), 0);
      await file.truncate(after.length);
      await file.sync();
    } catch (error) {
      await restore(file, before);
      throw error;
    }
  } finally {
    await file.close();
  }
}

/** Takes the room first: afterwards only bytes are written that have a place already. */
async function grow(file: OpenFile, from: number, to: number): Promise<void> {
  if (to <= from) return;
  try {
    await writeAll(file, Buffer.alloc(to - from, LINE_BREAK), from);
    await file.sync();
  } catch (error) {
    await file.truncate(from);
    throw error;
  }
}

/** What fails here as well is left as it is, for the error that led here says more. */
async function restore(file: OpenFile, before: Buffer): Promise<void> {
  try {
    await writeAll(file, before, 0);
    await file.truncate(before.length);
    await file.sync();
  } catch {}
}

function filled(content: Buffer, length: number): Buffer {
  if (content.length >= length) return content;
  return Buffer.concat([content, Buffer.alloc(length - content.length, LINE_BREAK)]);
}

/** What disks write at once. */
const BLOCK = 512;

/**
 * Whether `found` is what a crash during {@link overwriteFile} may leave that is neither content: blocks
 * of one and of the other, blocks that were not written yet, or the beginning of one and the end of the
 * other.
 */
export function isMixture(found: Buffer, { before, after }: Overwrite): boolean {
  if (found.equals(before) || found.equals(after)) return false;
  const longest = Math.max(before.length, after.length);
  if (found.length > longest || found.length < Math.min(before.length, after.length)) return false;
  const old = filled(before, longest).subarray(0, found.length);
  const next = filled(after, longest).subarray(0, found.length);
  return isJoined(found, old, next) || isOfBlocks(found, [old, next, Buffer.alloc(found.length)]);
}

function isJoined(found: Buffer, old: Buffer, next: Buffer): boolean {
  let begun = 0;
  while (begun < found.length && found[begun] === next[begun]) begun += 1;
  return found.subarray(begun).equals(old.subarray(begun));
}

function isOfBlocks(found: Buffer, sources: readonly Buffer[]): boolean {
  for (let at = 0; at < found.length; at += BLOCK) {
    const block = found.subarray(at, at + BLOCK);
    if (!sources.some((source) => source.subarray(at, at + BLOCK).equals(block))) return false;
  }
  return true;
}
