import { existsSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Environment } from "../../lib/environment.ts";
import { type CliIdentity, loadIdentity, TokenFile } from "../reach/identity.ts";

/** Where this user's node host keeps its key, its tokens and, unless told otherwise, its allow-list. */
export function nodeFolder(env: Environment): string {
  const named = env["OPENCLAW_NODE_DIR"];
  return named ? resolve(named) : join(env["HOME"] || homedir(), ".openclaw-node");
}

/** The allow-list: as an option, else `OPENCLAW_NODE_ALLOW`, else beside the key. */
export function allowPath(env: Environment, option: string | undefined): string {
  const named = option ?? env["OPENCLAW_NODE_ALLOW"];
  return named ? resolve(named) : join(nodeFolder(env), "allow");
}

/** The key (mode 0600, made on first use) and the tokens of this node. */
export function nodeKeys(folder: string): { identity: CliIdentity; tokens: TokenFile } {
  return {
    identity: loadIdentity(folder, "identity.json"),
    tokens: new TokenFile(folder, "tokens.json"),
  };
}

/**
 * Puts this machine's key and tokens aside, under the key's id, so that the next start makes new ones.
 * @returns the file of the old key; `undefined` where there was none
 * @throws CliError (failed) where they hold no usable key
 */
export function setKeyAside(folder: string): string | undefined {
  if (!existsSync(join(folder, "identity.json"))) return undefined;
  const { deviceId } = loadIdentity(folder, "identity.json");
  const aside = (name: string) => join(folder, `${name}-${deviceId.slice(0, 16)}.json`);
  // Tokens are worth nothing without their key, and with another one they are refused.
  rename(join(folder, "tokens.json"), aside("tokens"));
  rename(join(folder, "identity.json"), aside("identity"));
  return aside("identity");
}

function rename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
