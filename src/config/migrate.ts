import { type EditPlan, planEdit } from "./edit.ts";
import { interpretConfig } from "./interpret.ts";
import type { ConfigPath } from "./schema.ts";

export const clearSecrets = ["token", "password"] as const;
export type ClearSecret = (typeof clearSecrets)[number];

/** The text without clear secrets, as a plan, and what they were. */
export interface SecretMigration extends EditPlan {
  /** What stood in the file in clear, by kind. For hashing into the state; never print it. */
  readonly secrets: { readonly token?: string; readonly password?: string };
}

/**
 * Finds the clear secrets of a config text, of these kinds, and plans the text without them, comments
 * kept. Pure: the caller stores the secrets first and writes the text after that, so that a crash
 * between loses nothing. A secret that is not usable (empty, a list, a reference) is left where it is,
 * as an error of the config. `before` is the file's text, null where there is none; `file` its name, for
 * commands.
 * @throws ConfigError CONFIG_SYNTAX
 */
export function migrateSecrets(
  before: string | null,
  file: string,
  kinds: readonly ClearSecret[] = clearSecrets,
): SecretMigration {
  const { values } = interpretConfig(before ?? "", file);
  const secrets: { token?: string; password?: string } = {};
  const found: ConfigPath[] = [];
  for (const kind of kinds) {
    const value = values.get(`gateway.auth.${kind}`);
    if (typeof value !== "string") continue;
    secrets[kind] = value;
    found.push(`gateway.auth.${kind}`);
  }
  const requests = found.map((key) => ({ key, unset: true }) as const);
  return { ...planEdit(before, requests, { file }), secrets };
}
