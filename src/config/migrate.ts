import { planEdit } from "./edit.ts";
import { interpretConfig } from "./interpret.ts";
import { type ConfigPath, configPaths, specOf } from "./schema.ts";

export interface SecretMigration {
  /** What stood in the file in clear. For hashing into the state; never print it. */
  readonly secrets: { readonly token?: string; readonly password?: string };
  /** The text without them, comments kept. */
  readonly text: string;
  /** For showing before asking; the values are hidden. Empty when there is nothing to do. */
  readonly diff: string;
}

/**
 * Finds the clear secrets of a config text and the text without them. Pure: the caller stores
 * the secrets first and writes the text after that, so that a crash between loses nothing.
 * A secret that is not usable (empty, a list, a reference) is left where it is, as an error of the
 * config. @throws ConfigError CONFIG_SYNTAX
 */
export function migrateSecrets(text: string, file: string): SecretMigration {
  const { values } = interpretConfig(text, file);
  const found = configPaths().filter((path) => specOf(path).secret && values.has(path));
  const requests = found.map((key) => ({ key, unset: true }) as const);
  const plan = planEdit(text, requests, { file });
  return { secrets: secretsOf(values), text: plan.after ?? text, diff: plan.diff };
}

function secretsOf(values: ReadonlyMap<ConfigPath, unknown>): SecretMigration["secrets"] {
  const token = values.get("gateway.auth.token");
  const password = values.get("gateway.auth.password");
  return {
    ...(typeof token === "string" ? { token } : {}),
    ...(typeof password === "string" ? { password } : {}),
  };
}
