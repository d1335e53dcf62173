import { lstatSync, readlinkSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { basename, dirname, join, parse, resolve, sep } from "node:path";

/** A folder that is watched for some of its names, or a file that is watched itself. */
export interface WatchedPlace {
  readonly path: string;
  /** The names in the folder that matter; absent where `path` is the file itself. */
  readonly names?: readonly string[];
  /** Identifies the folder or file itself: one that was replaced must be watched anew. */
  readonly id: string;
}

const MOST_LINKS = 40;

/**
 * Where a change of what stands at `path` can show: in the folder of the file and of every link on the way
 * to it (Kubernetes swaps a link in the middle of it), and on the file itself, which is edited elsewhere
 * where it is a mount of its own.
 * @throws Error of the file system where a folder can't be looked at
 */
export function placesOf(path: string): WatchedPlace[] {
  const { names, real } = wayTo(resolve(path));
  const folders = [...names].map(([folder, found]) => ({
    path: folder,
    names: [...found],
    id: idOf(folder),
  }));
  const file = existing(real);
  return file === undefined ? folders : [...folders, { path: real, id: file }];
}

/** The folders in which the file and the links to it stand, with their names there, and the file. */
function wayTo(path: string): { names: Map<string, Set<string>>; real: string } {
  const names = new Map<string, Set<string>>();
  const note = (at: string) => {
    const folder = dirname(at);
    names.set(folder, (names.get(folder) ?? new Set()).add(basename(at)));
  };
  const { root } = parse(path);
  let at = root;
  let ahead = path.slice(root.length).split(sep);
  for (let links = 0; ahead.length > 0; ) {
    const [name = "", ...rest] = ahead;
    at = join(at, name);
    ahead = rest;
    const aim = links < MOST_LINKS ? linkAt(at) : undefined;
    if (aim === undefined) continue;
    links += 1;
    note(at);
    const target = resolve(dirname(at), aim);
    ahead = [...target.slice(root.length).split(sep), ...rest].filter((part) => part !== "");
    at = root;
  }
  note(at);
  return { names, real: at };
}

function linkAt(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}

function idOf(path: string): string {
  const { dev, ino } = statSync(path);
  return `${dev}:${ino}`;
}

function existing(path: string): string | undefined {
  try {
    return idOf(path);
  } catch {
    return undefined;
  }
}

/**
 * File systems on which changes that another machine makes, or the host of a virtual one, are not told:
 * NFS, SMB, CIFS, FUSE (sshfs, virtiofs), 9p, Ceph, AFS. (Numbers: statfs(2).)
 */
const REMOTE = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x00c36400, 0x5346414f,
  0x6b414653,
]);

/** Whether the file at `path` is on a file system that does not tell of every change. */
export async function isRemote(path: string): Promise<boolean> {
  const found = await statfs(path)
    .catch(() => statfs(dirname(path)))
    .catch(() => undefined);
  // A number of 32 bits, which some platforms take as signed.
  return found !== undefined && REMOTE.has(found.type >>> 0);
}
