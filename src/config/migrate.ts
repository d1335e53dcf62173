import { planEdit } from "./edit.ts";
import { interpretConfig } from "./interpret.ts";
import type { ConfigPath } from "./schema.ts";

export const clearSecrets = ["token", "password"] as const;
export type ClearSecret = (typeof clearSecrets)[number];

export interface SecretMigration {
  /** What stood in the file in clear. For hashing into the state; never print it. */
  readonly secrets: { readonly token?: string; readonly password?: string };
  /** The text without them, comments kept. */
  readonly text: string;
  /** For showing before asking; the values are hidden. Empty when there is nothing to do. */
  readonly diff: string;
}

/**
 * Finds the clear secrets of a config text, of these kinds, and the text without them. Pure: the caller stores
 * the secrets first and writes the text after that, so that a crash between loses nothing.
 * A secret that is not usable (empty, a list, a reference) is left where it is, as an error of the
 * config. @throws ConfigError CONFIG_SYNTAX
 */
export function migrateSecrets(
  text: string,
  file: string,
  kinds: readonly ClearSecret[] = clearSecrets,
): SecretMigration {
  const { values } = interpretConfig(text, file);
  const secrets: { token?: string; password?: string } = {};
  const found: ConfigPath[] = [];
  for (const kind of kinds) {
    const value = values.get(`gateway.auth.${kind}`);
    if (typeof value !== "string") continue;
    secrets[kind] = value;
    found.push(`gateway.auth.${kind}`);
  }
  const requests = found.map((key) => ({ key, unset: true }) as const);
  const plan = planEdit(text, requests, { file });
  return { secrets, text: plan.after ?? text, diff: plan.diff };
}
