import { readFile, stat } from "node:fs/promises";
import { ConfigError, editCommand } from "../config/errors.ts";
import { variableCure } from "../config/variables.ts";
import type { GivenSecrets } from "../gateway/first-start.ts";
import { inContainer } from "../host/container.ts";
import { whyFailed } from "../lib/system-words.ts";
import { isUnresolved, UNRESOLVED } from "../lib/unresolved.ts";
import { shell } from "../protocol/command.ts";
import type { SecretKind } from "../protocol/refusals.ts";
import type { Text } from "../protocol/text.ts";
import { secretOwnerCure } from "../words/mount-owner.ts";

const TOKEN = "OPENCLAW_GATEWAY_TOKEN";
const TOKEN_FILE = "OPENCLAW_GATEWAY_TOKEN_FILE";
const PASSWORD_FILE = "OPENCLAW_GATEWAY_PASSWORD_FILE";

/**
 * The shared secrets from the environment, for containers; none where it names none. Removed from
 * `env` at once, so that no child process inherits them. (The kernel keeps a process's first environment for
 * its own user and root in /proc/<pid>/environ, and Node.js can't write there: a file is the better way.)
 * @throws ConfigError CONFIG_READ; CONFIG_DUPLICATE_KEY where both variables of the token are set, and the file is not empty;
 * CONFIG_VALUE for a reference that was not resolved, which would become the secret as it stands
 */
export async function takeSecrets(env: NodeJS.ProcessEnv): Promise<GivenSecrets> {
  const direct = env[TOKEN];
  const file = env[TOKEN_FILE];
  const passwordFile = env[PASSWORD_FILE];
  for (const name of [TOKEN, TOKEN_FILE, PASSWORD_FILE]) delete env[name];
  if (direct && file && !(await isEmpty(file))) {
    const message = `${TOKEN} and ${TOKEN_FILE} are both set; keep one of them`;
    throw new ConfigError("CONFIG_DUPLICATE_KEY", message, { next: variableCure(TOKEN, env) });
  }
  const token = direct
    ? checked("token", direct, { where: TOKEN, next: variableCure(TOKEN, env) })
    : await fromFile("token", file, { name: TOKEN_FILE, env });
  const password = await fromFile("password", passwordFile, { name: PASSWORD_FILE, env });
  return { token, password };
}

/** Whether a file holds nothing, as /dev/null, which the compose file names where there is no token's file. */
async function isEmpty(file: string): Promise<boolean> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text?.trim() === "";
}

interface From {
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
}

async function fromFile(
  kind: SecretKind,
  file: string | undefined,
  from: From,
): Promise<string | undefined> {
  if (!file) return undefined;
  const text = await readSecretFile(file, from);
  return checked(kind, text, { where: file, next: editCommand(file) });
}

function checked(
  kind: SecretKind,
  text: string,
  { where, next }: { where: string; next: Text },
): string | undefined {
  const secret = text.trim();
  if (!isUnresolved(secret)) return secret || undefined;
  throw new ConfigError("CONFIG_VALUE", `the ${kind} in ${where} is ${UNRESOLVED}`, { next });
}

async function readSecretFile(file: string, { name, env }: From): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const found = await stat(file).catch(() => undefined);
    const cure = found && secretOwnerCure(file, found, { isContainer: inContainer(env) });
    throw new ConfigError(
      "CONFIG_READ",
      `${name} can't be read: ${cure?.why ?? whyFailed(error)}`,
      {
        next: cure?.next ?? shell`ls -l ${file}`,
      },
    );
  }
}
