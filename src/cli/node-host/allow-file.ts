import { closeSync, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { nodeHostLimitTable } from "../../limits/node-host.ts";
import { asRoot, type Command, shell } from "../../protocol/command.ts";
import { type AllowList, parseAllowList } from "./allow-list.ts";

/** The allow-list as it is now: in force, absent, or there but not to be trusted. */
export type AllowFile =
  | { readonly kind: "list"; readonly path: string; readonly list: AllowList }
  | { readonly kind: "none"; readonly path: string }
  | {
      readonly kind: "bad";
      readonly path: string;
      readonly problem: string;
      readonly next: Command;
    };

/**
 * Reads the file anew, so that a change counts at once. Its content decides what runs here: it must
 * belong to this user or to root, and no other user may be able to write it.
 */
export function readAllowFile(path: string): AllowFile {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "none", path };
    return { kind: "bad", path, problem: `can't be read (${code})`, next: shell`ls -l ${path}` };
  }
  try {
    const bad = distrust(path, fstatSync(fd));
    if (bad) return bad;
    const list = parseAllowList(readFileSync(fd, "utf8"));
    const nothing = list.rules.length === 0 && list.problems.length === 0;
    return nothing ? { kind: "none", path } : { kind: "list", path, list };
  } finally {
    closeSync(fd);
  }
}

function distrust(path: string, stat: Stats): AllowFile | undefined {
  const bad = (problem: string, next: Command): AllowFile => ({ kind: "bad", path, problem, next });
  if (!stat.isFile()) return bad("is not a file", shell`ls -l ${path}`);
  const most = nodeHostLimitTable.hostAllowBytes.value;
  if (stat.size > most) return bad(`is larger than ${most} bytes`, shell`ls -l ${path}`);
  const uid = process.getuid?.();
  if (uid === undefined) return undefined;
  if (stat.uid !== 0 && stat.uid !== uid) {
    return bad(`belongs to user ${stat.uid}`, asRoot(shell`chown root ${path}`));
  }
  if ((stat.mode & 0o022) !== 0) return bad("can be written by others", shell`chmod go-w ${path}`);
  return undefined;
}
