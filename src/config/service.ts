import type { World } from "../lib/world.ts";
import { type ConfigChange, diffConfig, needsRestart } from "./diff.ts";
import { type EditPlan, type EditRequest, planEdit } from "./edit.ts";
import {
  type Announce,
  type ConfigFile,
  changedMeanwhile,
  editConfigFile,
  readConfigFile,
  type WriteFile,
  writePlan,
} from "./edit-file.ts";
import { ConfigError, discreet, formatIssue } from "./errors.ts";
import {
  type ConfigSource,
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
  maxConfigBytes,
} from "./load.ts";
import { type ClearSecret, migrateSecrets, type SecretMigration } from "./migrate.ts";
import { type PatchKind, planPatch } from "./patch-plan.ts";
import { publicHash, redactConfig, redactSource } from "./redact.ts";
import type { GatewayConfig } from "./schema.ts";
import { ConfigWatcher } from "./watch.ts";

export type { Announce } from "./edit-file.ts";

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

/** The outcome of changing one key on the host. */
export interface ConfigChanged {
  readonly path: string;
  readonly file: string;
  readonly diff: string;
  readonly changedPaths: readonly string[];
  readonly restartNeeded: boolean;
  readonly warnings: readonly string[];
}

/** A change as a client sends it (`config.set`, `config.patch`, `config.apply`). */
export interface ConfigWrite {
  readonly kind: PatchKind;
  readonly raw: string;
  /** The hash that `config.get` gave; needed where there is a file. */
  readonly baseHash?: string | undefined;
}

/** The answer about a written configuration. */
export interface ConfigWritten {
  readonly ok: true;
  readonly path: string;
  readonly hash: string;
  /** The settings in force, secrets hidden. */
  readonly config: GatewayConfig;
  readonly changedPaths: readonly string[];
  /** Unknown keys that were left out and that stay in the file. */
  readonly kept?: readonly string[];
  readonly noop?: true;
  readonly warnings: readonly string[];
}

/** How many names of changed keys are kept. */
const MAX_KEPT = 20;

/**
 * The configuration in force. It follows the file; a file with errors changes nothing. Keys that
 * take a restart keep the value that they had at the start.
 */
export class ConfigStore {
  #loaded: LoadedConfig;
  /** What stands in the file, which is not in force while it has errors. */
  #latest: LoadedConfig;
  /** The keys that a change of our own is just writing. */
  #writing: readonly string[] = [];
  /**
   * The last change under way; the next one waits for it, because two that read the same text would
   * lose one of them.
   */
  #last: Promise<unknown> = Promise.resolve();
  #watcher: ConfigWatcher | undefined;
  readonly #started: GatewayConfig;
  readonly #listeners = new Set<ConfigListener>();

  constructor(
    private readonly deps: ConfigServiceDeps,
    loaded: LoadedConfig,
  ) {
    this.#loaded = loaded;
    this.#latest = loaded;
    this.#started = loaded.config;
  }

  get current(): GatewayConfig {
    return this.#loaded.config;
  }

  /** What was in force at the start: keys that need a restart still are. */
  get started(): GatewayConfig {
    return this.#started;
  }

  /** The keys that a change of our own is just writing, while listeners are told of it. */
  get writing(): readonly string[] {
    return this.#writing;
  }

  /** The file whose settings are in force. */
  get source(): ConfigSource {
    return this.#loaded.source;
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
    if (loaded.source.hash !== this.#latest.source.hash) this.#adopt(loaded);
  }

  #adopt(loaded: LoadedConfig): void {
    this.#latest = loaded;
    if (loaded.errors.length > 0) {
      const lines = loaded.errors
        .map((issue) => formatIssue(discreet(issue), this.path))
        .join("\n");
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
    return publicHash(this.#latest.source.raw, this.deps.hashKey);
  }

  /** The result of `config.get` (protocol page, section 5.5). Secrets are hidden. */
  view() {
    const { source, errors, warnings } = this.#latest;
    const { hash } = this;
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
      hash,
      issues: errors.map(discreet).map(({ path, message }) => ({ path, message })),
      warnings: warnings.map(({ path, message }) => ({ path, message })),
      legacyIssues: [],
      configRevisionHash: hash,
      appliedConfigHash: publicHash(this.#loaded.source.raw, this.deps.hashKey),
    };
  }

  /**
   * Sets or unsets one key in the file and applies it. `announce` hears of it before.
   * @throws ConfigError
   */
  async change(
    { path, value }: { path: string; value?: string },
    announce?: Announce,
  ): Promise<ConfigChanged> {
    const request: EditRequest =
      value === undefined ? { key: path, unset: true } : { key: path, text: value };
    return this.#alone(() => this.#edit(path, [request], announce));
  }

  /** Changes what the network may change, and applies it. @throws ConfigError */
  write(wanted: ConfigWrite, announce?: Announce): Promise<ConfigWritten> {
    return this.#alone(async () => {
      const file = await readConfigFile(this.path);
      await this.#refuseStale(file, wanted);
      const { requests, kept } = planPatch({
        ...wanted,
        before: file.raw ?? "",
        current: this.current,
        file: this.path,
      });
      const plan = planEdit(file.raw, requests, { file: this.path });
      if (plan.changedPaths.length > 0) await announce?.(plan.changedPaths);
      this.#writing = plan.changedPaths;
      await writePlan(file, plan, this.deps.writeFile);
      await this.reload();
      return {
        ok: true,
        path: this.path,
        hash: this.hash,
        config: redactConfig(this.current),
        changedPaths: plan.changedPaths,
        ...(kept.length > 0 && { kept: kept.slice(0, MAX_KEPT) }),
        ...(plan.before === plan.after && { noop: true }),
        warnings: [...overridden(this.#loaded, plan.changedPaths), ...this.#unappliedWarnings()],
      };
    });
  }

  /** A client must have seen what it changes, or it would take back what another one wrote. */
  async #refuseStale(file: ConfigFile, { raw, baseHash }: ConfigWrite): Promise<void> {
    if (raw.length > maxConfigBytes) {
      const message = "raw is longer than a config file may be (1 MiB)";
      throw new ConfigError("CONFIG_VALUE", message, { next: "openclaw config --help" });
    }
    if (baseHash === undefined && file.raw === null) return;
    if (baseHash === undefined) {
      const message = "config base hash required; re-run config.get and retry";
      throw new ConfigError("CONFIG_CHANGED", message, { next: "send baseHash" });
    }
    if (baseHash === publicHash(file.raw, this.deps.hashKey)) return;
    // So that the next `config.get` answers with this text even where the folder can't be watched.
    await this.reload();
    throw changedMeanwhile(file);
  }

  #unappliedWarnings(): string[] {
    return this.#latest.errors
      .map(discreet)
      .map(({ message }) => `not in force, for the file has errors: ${message}`);
  }

  /** Runs `work` when no other change runs. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#last.then(() =>
      work().finally(() => {
        this.#writing = [];
      }),
    );
    this.#last = run.catch(() => undefined);
    return run;
  }

  async #edit(
    path: string,
    requests: readonly EditRequest[],
    announce: Announce | undefined,
  ): Promise<ConfigChanged> {
    const before = this.current;
    const plan: EditPlan = await editConfigFile({
      path: this.path,
      requests,
      writeFile: this.deps.writeFile,
      announce: async (keys) => {
        await announce?.(keys);
        this.#writing = keys;
      },
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

  /**
   * Removes clear secrets of these kinds from the file, and no other: what was not stored elsewhere before
   * would be lost. Where `stored` says what that was, nothing goes that became another since.
   * @throws ConfigError CONFIG_CHANGED
   */
  dropClearSecrets(
    kinds: readonly ClearSecret[],
    stored?: SecretMigration["secrets"],
  ): Promise<void> {
    return this.#alone(async () => {
      const file = await readConfigFile(this.path);
      const { text, diff, secrets } = migrateSecrets(file.raw ?? "", this.path, kinds);
      const isOther = (kind: ClearSecret) =>
        secrets[kind] !== undefined && secrets[kind] !== stored?.[kind];
      if (stored && kinds.some(isOther)) throw changedMeanwhile(file);
      if (diff === "") return;
      const plan = { before: file.raw, after: text, changedPaths: [], diff };
      this.#writing = kinds.map((kind) => `gateway.auth.${kind}`);
      await writePlan(file, plan, this.deps.writeFile);
      await this.reload();
    });
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
