import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { replaceFile } from "../lib/atomic-file.ts";
import { approversFile } from "../lib/paths.ts";
import type { Environment } from "./core.ts";

/**
 * Writes the keys of approvers for sshd's helper. Below /run, so a full disk does not keep a key from
 * being taken away. Resolves with why it could not be written, or `undefined`.
 */
export async function publishApprovers(
  env: Environment,
  stateDir: string,
  lines: string,
): Promise<string | undefined> {
  const path = approversFile(env, stateDir);
  if (path === undefined) return undefined;
  try {
    // The folder's group is the helper's.
    const { uid, gid } = await stat(dirname(path));
    await replaceFile(path, [Buffer.from(lines)], { identity: { mode: 0o640, uid, gid } });
    return undefined;
  } catch (error) {
    return `${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
  }
}
