import { stat } from "node:fs/promises";

/**
 * By what a file is known to be the one that was read, without reading it again: another file or another
 * content has another mark, but for what is written within the same instant of a coarse clock.
 */
export interface FileMark {
  /** Device and inode. */
  readonly file: string;
  readonly size: bigint;
  /** Nanoseconds since the epoch. */
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** How many names it has: 0 where a mount still shows a file that was replaced or removed. */
  readonly links: bigint;
}

/** The mark of the file behind all links of `path`; `undefined` where there is none to be seen. */
export async function markOf(path: string): Promise<FileMark | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (!found) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs, nlink } = found;
  return { file: `${dev}:${ino}`, size, mtimeNs, ctimeNs, links: nlink };
}

export function isSameMark(a: FileMark | undefined, b: FileMark | undefined): boolean {
  if (!a || !b) return a === b;
  const times = a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
  return times && a.file === b.file && a.size === b.size && a.links === b.links;
}

/** So coarse may a file system's clock be: FAT counts in steps of two seconds. */
const COARSEST_MS = 2000;

/**
 * Whether a content may have been written after `mark` was taken without changing it, the clock having
 * been at `nowMs` then.
 */
export function isFresh(mark: FileMark | undefined, nowMs: number): boolean {
  return mark !== undefined && Number(mark.ctimeNs / 1_000_000n) > nowMs - COARSEST_MS;
}

/**
 * The mark as one word, to compare what two processes see at one path. The device is left out: it may
 * have another number in a container.
 */
export function markWord(mark: FileMark | undefined): string {
  if (!mark) return "absent";
  return [mark.file.split(":")[1], mark.size, mark.mtimeNs].join("-");
}
