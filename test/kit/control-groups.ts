import { existsSync } from "node:fs";
import { readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * Removes what test processes that were killed left behind in `folder`: empty control groups named
 * `prefix`, the process id and whatever follows a dash; nothing else.
 */
export async function removeStale(folder: string, prefix: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix));
  for (const name of names) {
    const [pid] = name.slice(prefix.length).split("-");
    if (!existsSync(`/proc/${pid}`)) await removeGroup(join(folder, name));
  }
}

/** Removes a control group with those below it; `false` while processes are in it. */
export async function removeGroup(group: string): Promise<boolean> {
  const below = await readdir(group, { withFileTypes: true }).catch(() => undefined);
  if (!below) return true;
  for (const entry of below.filter((e) => e.isDirectory())) {
    if (!(await removeGroup(join(group, entry.name)))) return false;
  }
  return rmdir(group).then(
    () => true,
    () => false,
  );
}
