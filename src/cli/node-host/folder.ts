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
