import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { approversFile } from "../host/paths.ts";
import { replaceFile } from "../lib/atomic-file.ts";
import type { Environment } from "../lib/environment.ts";
import { whyFailed } from "../lib/system-words.ts";

interface ApproversSetup {
  readonly env: Environment;
  readonly stateDir: string;
  /** Then there must be somewhere to put them. */
  readonly wanted: boolean;
}

/**
 * Writes the keys of approvers for sshd's helper. Below /run, so a full disk does not keep a key from
 * being taken away. Resolves with why it could not be written, or `undefined`.
 */
export async function publishApprovers(
  { env, stateDir, wanted }: ApproversSetup,
  lines: string,
): Promise<string | undefined> {
  const path = approversFile(env, stateDir);
  if (path === undefined || (!wanted && !existsSync(dirname(path)))) return undefined;
  try {
    // The folder's group is the helper's.
    const { uid, gid } = await stat(dirname(path));
    await replaceFile(path, [Buffer.from(lines)], { identity: { mode: 0o640, uid, gid } });
    return undefined;
  } catch (error) {
    return `${path}: ${whyFailed(error)}`;
  }
}
