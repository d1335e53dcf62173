import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { Environment } from "../lib/environment.ts";
import { whyFailed } from "../lib/system-words.ts";
import { stateLimitTable } from "../limits/state.ts";
import { openclaw, shell } from "../protocol/command.ts";
import type { ConfigIssue } from "./errors.ts";
import { contradictions, type Interpretation, interpretConfig, valueIssue } from "./interpret.ts";
import { type ConfigPath, configPaths, type GatewayConfig, specOf } from "./schema.ts";
import { buildConfig } from "./settings.ts";
import { Refused, readText } from "./values.ts";
import { variableCure } from "./variables.ts";

/** The largest config file that is read, in bytes. */
export const maxConfigBytes = stateLimitTable.configBytes.value;

/** Values from the command line by key; text is read as `config set` reads it. */
export type ConfigFlags = { readonly [P in ConfigPath]?: unknown };

/** Which key does not come from the file, and from where instead. */
export interface Override {
  readonly path: ConfigPath;
  readonly by: "env" | "flag";
  /** The variable, or the key as the flag names it. */
  readonly name: string;
}

export interface ConfigSource {
  readonly path: string;
  readonly exists: boolean;
  /** The file's text, clear secrets included: never send or print it. Null when there is none. */
  readonly raw: string | null;
  /** SHA-256 of the text in hex, or `"absent"`. For comparing, not for sending: see publicHash. */
  readonly hash: string;
}

export interface LoadedConfig {
  /** In effect only when `errors` is empty: bad values stand at their defaults here. */
  readonly config: GatewayConfig;
  readonly source: ConfigSource;
  readonly warnings: readonly ConfigIssue[];
  readonly errors: readonly ConfigIssue[];
  readonly overrides: readonly Override[];
}

export interface LoadOptions {
  readonly path: string;
  readonly env?: Environment;
  readonly flags?: ConfigFlags;
}

/**
 * Reads the file and lays environment and flags over it: flag > environment > file > default. A
 * missing file means defaults. Never throws: what is wrong stands in `errors`.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const read = await readSource(options.path);
  const evaluated = evaluateConfig(read.source, options);
  return read.error ? { ...evaluated, errors: [read.error, ...evaluated.errors] } : evaluated;
}

/**
 * Lays environment and flags over a text that was read already: flag > environment > file >
 * default. Pure; what is wrong stands in `errors`.
 */
export function evaluateConfig(source: ConfigSource, options: LoadOptions): LoadedConfig {
  const read: Interpretation =
    source.raw === null
      ? { values: new Map(), errors: [], warnings: [] }
      : interpretConfig(source.raw, source.path);
  const overrides: Override[] = [];
  const { env = {}, flags = {} } = options;
  for (const path of configPaths()) {
    const variable = specOf(path).env;
    const given = variable === undefined ? undefined : env[variable];
    if (variable && given)
      override({ path, by: "env", name: variable }, given, { read, overrides, env });
    const flag = flags[path];
    if (flag !== undefined)
      override({ path, by: "flag", name: path }, flag, { read, overrides, env });
  }
  const { errors, warnings, values } = read;
  // Again: flags may contradict what is fine in the file.
  if (errors.length === 0) errors.push(...contradictions(values));
  return { config: buildConfig(values), source, warnings, errors, overrides };
}

interface Layers {
  readonly read: Interpretation;
  readonly overrides: Override[];
  readonly env: Environment;
}

function override(from: Override, value: unknown, { read, overrides, env }: Layers): void {
  const { type } = specOf(from.path);
  const result = typeof value === "string" ? readText(type, value) : type.read(value);
  if (result instanceof Refused) {
    const issue = valueIssue(from.path, value, result);
    const where = from.by === "env" ? from.name : `flag for ${from.path}`;
    const next = from.by === "env" ? variableCure(from.name, env) : openclaw`gateway run --help`;
    const { message, hiding } = issue;
    read.errors.push({
      ...issue,
      message: `${where}: ${message}`,
      next,
      ...(hiding !== undefined && { hiding: `${where}: ${hiding}` }),
    });
    return;
  }
  const earlier = overrides.findIndex((known) => known.path === from.path);
  if (earlier !== -1) overrides.splice(earlier, 1);
  overrides.push(from);
  read.values.set(from.path, result);
}

/** The source a text makes; null stands for a missing file. */
export function sourceOf(path: string, raw: string | null): ConfigSource {
  const hash = raw === null ? "absent" : createHash("sha256").update(raw).digest("hex");
  return { path, exists: raw !== null, raw, hash };
}

/** Reads the file as it is. `error` is set when something is there but can't be read as text. */
export async function readSource(
  path: string,
): Promise<{ source: ConfigSource; error?: ConfigIssue }> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return unreadable(path, "it is not a file");
    if (found.size > maxConfigBytes) return unreadable(path, "it is larger than 1 MiB");
    const bytes = await readFile(path);
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { source: sourceOf(path, decoder.decode(bytes)) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return { source: sourceOf(path, null) };
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return unreadable(path, "it is not UTF-8");
    return unreadable(path, whyFailed(error));
  }
}

function unreadable(path: string, why: string): { source: ConfigSource; error: ConfigIssue } {
  const message = `the config file can't be read: ${why}`;
  const next = shell`ls -lLd ${path}`;
  const source = { ...sourceOf(path, null), exists: true };
  return { source, error: { code: "CONFIG_READ", path: "", message, next } };
}
