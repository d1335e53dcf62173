import { readFile } from "node:fs/promises";
import { ConfigError, editCommand } from "../config/errors.ts";
import { whyFailed } from "../lib/system-words.ts";
import { isUnresolved, UNRESOLVED } from "../lib/unresolved.ts";
import { shell } from "../protocol/command.ts";
import type { Text } from "../protocol/text.ts";

const TOKEN = "OPENCLAW_GATEWAY_TOKEN";
const FILE = "OPENCLAW_GATEWAY_TOKEN_FILE";

/**
 * The shared token from the environment, for containers; `undefined` where there is none. Removed from
 * `env` at once, so that no child process inherits it. (The kernel keeps a process's first environment for
 * its own user and root in /proc/<pid>/environ, and Node.js can't write there: a file is the better way.)
 * @throws ConfigError CONFIG_READ; CONFIG_DUPLICATE_KEY where both variables are set; CONFIG_VALUE for a
 * reference that was not resolved, which would become the token as it stands
 */
export async function takeToken(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const direct = env[TOKEN];
  const file = env[FILE];
  delete env[TOKEN];
  delete env[FILE];
  if (direct && file) {
    const message = `${TOKEN} and ${FILE} are both set; keep one of them`;
    throw new ConfigError("CONFIG_DUPLICATE_KEY", message, { next: shell`unset ${TOKEN}` });
  }
  if (direct) return checked(direct, TOKEN, shell`unset ${TOKEN}`);
  return file ? checked(await readTokenFile(file), file, editCommand(file)) : undefined;
}

function checked(text: string, where: string, next: Text): string | undefined {
  const token = text.trim();
  if (!isUnresolved(token)) return token || undefined;
  throw new ConfigError("CONFIG_VALUE", `the token in ${where} is ${UNRESOLVED}`, { next });
}

async function readTokenFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const why = whyFailed(error);
    throw new ConfigError("CONFIG_READ", `${FILE} can't be read: ${why}`, {
      next: shell`ls -l ${file}`,
    });
  }
}
