import type { World } from "../lib/world.ts";
import { type ConfigChange, diffConfig, needsRestart } from "./diff.ts";
import type { EditPlan, EditRequest } from "./edit.ts";
import { editConfigFile, readConfigFile, type WriteFile, writePlan } from "./edit-file.ts";
import { type ConfigError, formatIssue } from "./errors.ts";
import { type LoadedConfig, type LoadOptions, loadConfig } from "./load.ts";
import { migrateSecrets, type SecretMigration } from "./migrate.ts";
import { publicHash, redactConfig, redactSource } from "./redact.ts";
import type { GatewayConfig } from "./schema.ts";
import { ConfigWatcher } from "./watch.ts";

export interface ConfigServiceDeps {
  readonly load: LoadOptions;
  readonly world: World;
  readonly writeFile: WriteFile;
  /** Key of the hash that clients compare. */
  readonly hashKey: Buffer;
  readonly warn: (message: string) => void;
}

/** Told when other settings are in force. */
export type ConfigListener = (
  changes: readonly ConfigChange[],
  next: GatewayConfig,
  old: GatewayConfig,
) => void;

/** The outcome of changing one key. */
export interface ConfigOutcome {
  readonly path: string;
  readonly file: string;
  readonly diff: string;
  readonly changedPaths: readonly string[];
  readonly restartNeeded: boolean;
  readonly warnings: readonly string[];
}

/**
 * The configuration in force. It follows the file; a file with errors changes nothing. Keys that need
 * a restart are known as such and stay at their old value for whoever started with it.
 */
export class ConfigStore {
  #loaded: LoadedConfig;
  #watcher: ConfigWatcher | undefined;
  readonly #started: GatewayConfig;
  readonly #listeners = new Set<ConfigListener>();

  constructor(
    private readonly deps: ConfigServiceDeps,
    loaded: LoadedConfig,
  ) {
    this.#loaded = loaded;
    this.#started = loaded.config;
  }

  get current(): GatewayConfig {
    return this.#loaded.config;
  }

  get path(): string {
    return this.#loaded.source.path;
  }

  /** Warnings about the file, ready to print, and whether a restart is due. */
  get warnings(): string[] {
    const lines = this.#loaded.warnings.map((issue) => formatIssue(issue, this.path));
    const due = diffConfig(this.#started, this.current).filter(({ apply }) => apply === "restart");
    if (due.length > 0) {
      const keys = due.map(({ path }) => path).join(", ");
      lines.push(`${keys} changed: takes effect after openclaw gateway restart`);
    }
    return lines;
  }

  listen(listener: ConfigListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Follows the file until {@link close}. */
  watch(): void {
    this.#watcher = new ConfigWatcher({
      ...this.deps.load,
      world: this.deps.world,
      hash: this.#loaded.source.hash,
      onChange: (loaded) => this.#adopt(loaded),
      onError: (error: ConfigError) => this.deps.warn(`${error.message}; next: ${error.next}`),
    });
  }

  close(): void {
    this.#watcher?.close();
    this.#listeners.clear();
  }

  /** Reads the file again; used after a change of our own, which the watcher reports later. */
  async reload(): Promise<void> {
    const loaded = await loadConfig(this.deps.load);
    if (loaded.source.hash !== this.#loaded.source.hash) this.#adopt(loaded);
  }

  #adopt(loaded: LoadedConfig): void {
    if (loaded.errors.length > 0) {
      const lines = loaded.errors.map((issue) => formatIssue(issue, this.path)).join("\n");
      this.deps.warn(`the config has errors; what was in force stays\n${lines}`);
      return;
    }
    if (loaded.source.hash === this.#loaded.source.hash) return;
    const old = this.#loaded.config;
    this.#loaded = loaded;
    const changes = diffConfig(old, loaded.config);
    for (const listener of this.#listeners) listener(changes, loaded.config, old);
  }

  /** The hash that clients compare before they change something. */
  get hash(): string {
    return publicHash(this.#loaded.source.raw, this.deps.hashKey);
  }

  /** The result of `config.get` (protocol page, section 5.5). Secrets are hidden. */
  view(): Record<string, unknown> {
    const { source, errors, warnings } = this.#loaded;
    const { parsed, raw } = redactSource(source.raw);
    const resolved = redactConfig(this.current);
    return {
      path: source.path,
      exists: source.exists,
      raw,
      parsed,
      sourceConfig: parsed,
      resolved,
      valid: errors.length === 0,
      runtimeConfig: resolved,
      config: resolved,
      hash: this.hash,
      issues: errors.map(({ path, message }) => ({ path, message })),
      warnings: warnings.map(({ path, message }) => ({ path, message })),
      legacyIssues: [],
      configRevisionHash: this.hash,
      appliedConfigHash: this.hash,
    };
  }

  /** Sets or unsets one key in the file and applies it. @throws ConfigError */
  async change(path: string, value?: string): Promise<ConfigOutcome> {
    const request: EditRequest =
      value === undefined ? { key: path, unset: true } : { key: path, text: value };
    return this.#edit(path, [request]);
  }

  async #edit(path: string, requests: readonly EditRequest[]): Promise<ConfigOutcome> {
    const before = this.current;
    const plan: EditPlan = await editConfigFile({
      path: this.path,
      requests,
      writeFile: this.deps.writeFile,
    });
    await this.reload();
    const changes = diffConfig(before, this.current);
    return {
      path,
      file: this.path,
      diff: plan.diff,
      changedPaths: plan.changedPaths,
      restartNeeded: needsRestart(changes),
      warnings: overridden(this.#loaded, plan.changedPaths),
    };
  }

  /** What `config migrate-secrets` would do. */
  async secretsInClear(): Promise<SecretMigration> {
    const file = await readConfigFile(this.path);
    return migrateSecrets(file.raw ?? "", this.path);
  }

  /** Removes the clear secrets from the file; they were stored elsewhere before. */
  async dropClearSecrets(): Promise<void> {
    const file = await readConfigFile(this.path);
    const { text, diff } = migrateSecrets(file.raw ?? "", this.path);
    if (diff === "") return;
    const plan = { before: file.raw, after: text, changedPaths: [], diff };
    await writePlan(file, plan, this.deps.writeFile);
    await this.reload();
  }
}

/** Says where a changed key does not count because the environment or a flag sets it. */
function overridden(loaded: LoadedConfig, paths: readonly string[]): string[] {
  return loaded.overrides
    .filter(({ path }) => paths.includes(path))
    .map(
      ({ path, name, by }) =>
        `${path} is set by ${by === "env" ? "the variable" : "the flag"} ${name}, which wins`,
    );
}
