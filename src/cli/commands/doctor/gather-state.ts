import { lstat, readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { CheckedFile, StateEntry, StateFacts } from "./facts.ts";

const INSTALLED = "/var/lib/openclaw-gateway";

interface Asked {
  readonly folder: string;
  readonly nowMs: number;
  /** Whether the documents are read: only while no gateway runs. */
  readonly inspect: boolean;
}

/** Looks at the state folder without changing anything in it. */
export async function gatherState({ folder, nowMs, inspect }: Asked): Promise<StateFacts> {
  const found = await stat(folder).catch(() => undefined);
  const entries = found?.isDirectory() ? await listEntries(folder) : undefined;
  const hasState = entries?.some(({ name }) => /\.(json|journal)$/.test(name)) ?? false;
  return {
    folder,
    found: found && { ...fileFacts(found), isFolder: found.isDirectory() },
    entries,
    space: found && (await freeSpace(folder)),
    inspection: inspect && hasState ? await inspection(folder, nowMs) : undefined,
    installed: found || folder === INSTALLED ? undefined : await installedState(),
  };
}

async function listEntries(folder: string): Promise<StateEntry[] | undefined> {
  const names = await readdir(folder).catch(() => undefined);
  if (!names) return undefined;
  const looks = await Promise.all(
    names.sort().map(async (name): Promise<StateEntry[]> => {
      // Temporary files come and go under a gateway that runs.
      const found = await lstat(join(folder, name)).catch(() => undefined);
      if (!found) return [];
      const kind = found.isFile()
        ? "file"
        : found.isDirectory()
          ? "folder"
          : found.isSymbolicLink()
            ? "link"
            : "other";
      return [{ name, kind, ...fileFacts(found) }];
    }),
  );
  return looks.flat();
}

/** The facts of a file as the checks read them. */
export function fileFacts(found: {
  mode: number;
  uid: number;
  gid: number;
  mtimeMs: number;
}): CheckedFile {
  const { mode, uid, gid, mtimeMs } = found;
  return { mode: mode & 0o7777, uid, gid, mtimeMs };
}

async function freeSpace(folder: string): Promise<StateFacts["space"]> {
  const found = await statfs(folder).catch(() => undefined);
  if (!found) return undefined;
  const bytes = found.bavail * found.bsize;
  // btrfs and others make inodes as needed and count none.
  return found.files > 0 ? { bytes, inodes: found.ffree } : { bytes };
}

async function inspection(folder: string, nowMs: number): Promise<StateFacts["inspection"]> {
  const { inspectState } = await import("../../../main/inspect.ts");
  // Where the lock may not be asked, the folder's own check says why.
  return inspectState(folder, nowMs).catch(() => undefined);
}

async function installedState(): Promise<string | undefined> {
  return (await stat(INSTALLED).catch(() => undefined)) ? INSTALLED : undefined;
}
