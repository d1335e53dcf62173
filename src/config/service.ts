import type { Timer, World } from "../lib/world.ts";
import { stateLimitTable } from "../limits/state.ts";
import type { Limits } from "../limits/table.ts";
import { openclaw } from "../protocol/command.ts";
import type { GatewayNote } from "../protocol/note.ts";
import { joined, say, type Text } from "../protocol/text.ts";
import { type ConfigChange, diffConfig, needsRestart } from "./diff.ts";
import { differenceNotes } from "./differences.ts";
import {
  type ConfigFile,
  changedMeanwhile,
  readConfigFile,
  type WriteFile,
  type Written,
  writePlan,
} from "./edit-file.ts";
import { ConfigError, type ConfigIssue, discreet, formatIssue, issueNote } from "./errors.ts";
import { markWord } from "./file-mark.ts";
import {
  type ConfigSource,
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
  maxConfigBytes,
  type Override,
} from "./load.ts";
import { type ConfigPlan, type ConfigRequest, type ConfigWrite, planConfig } from "./plan.ts";
import { publicHash, redactConfig, redactSource } from "./redact.ts";
import type { GatewayConfig } from "./schema.ts";
import { ConfigWatcher } from "./watch.ts";

export interface ConfigServiceDeps {
  readonly load: LoadOptions;
  readonly world: World;
  readonly limits: Pick<Limits, "tickMs">;
  readonly writeFile: WriteFile;
  /** Key of the hash that clients compare. */
  readonly hashKey: Buffer;
  readonly warn: (text: Text) => void;
}

/** Told when other settings are in force. */
export type ConfigListener = (
  changes: readonly ConfigChange[],
  next: GatewayConfig,
  old: GatewayConfig,
) => void;

/** What the file says and what is in force once a plan was written. */
export interface ConfigApplied {
  /** The file's name. */
  readonly file: string;
  /** The hash that clients compare. */
  readonly hash: string;
  /** The settings in force, secrets hidden. */
  readonly config: GatewayConfig;
  /** Whether a setting that changed takes effect at a restart only. */
  readonly restartNeeded: boolean;
  /** Changed keys that do not count because the environment or a flag sets them, in words. */
  readonly overridden: readonly string[];
  /** Errors of the file, for which its settings are not in force, in words. */
  readonly notInForce: readonly string[];
  /** What is worth knowing of the change itself, in words. */
  readonly remarks: readonly string[];
}

/** What changing one key on the host answers. */
export interface ConfigChanged {
  /** The key. */
  readonly path: string;
  readonly file: string;
  /** For people, secrets hidden; empty when nothing changed. */
  readonly diff: string;
  readonly changedPaths: readonly string[];
  readonly restartNeeded: boolean;
  /** False where the file still has errors, so that what it says does not count. */
  readonly inForce: boolean;
  readonly warnings: readonly string[];
}

/** The answer about a written configuration. */
export interface ConfigWritten {
  readonly ok: true;
  /** The file's name. */
  readonly path: string;
  readonly hash: string;
  /** The settings in force, secrets hidden. */
  readonly config: GatewayConfig;
  readonly changedPaths: readonly string[];
  /** Unknown keys that were left out and that stay in the file; the first of them. */
  readonly kept?: readonly string[];
  readonly noop?: true;
  readonly warnings: readonly string[];
}

/** One change of the file, while no other one runs. */
export interface ConfigTurn {
  /** As {@link ConfigStore.plan}. */
  plan(request: ConfigRequest): Promise<ConfigPlan>;
  /**
   * Writes exactly this plan; it is durable then.
   * @throws ConfigError CONFIG_CHANGED where the file is another than the plan was made from;
   * CONFIG_READ, CONFIG_WRITE
   */
  commit(plan: ConfigPlan): Promise<void>;
  /** Reads the file that was written, puts it in force, and says what that comes to. */
  apply(plan: ConfigPlan): Promise<ConfigApplied>;
}

/**
 * The configuration in force. It follows the file; a file with errors changes nothing. Keys that
 * take a restart keep the value that they had at the start.
 */
export class ConfigStore {
  #loaded: LoadedConfig;
  /** What stands in the file, which is not in force while it has errors. */
  #latest: LoadedConfig;
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

  /** The file whose settings are in force. */
  get source(): ConfigSource {
    return this.#loaded.source;
  }

  /** Which keys in force come from elsewhere than the file. */
  get overrides(): readonly Override[] {
    return this.#loaded.overrides;
  }

  get path(): string {
    return this.#loaded.source.path;
  }

  /** Whether the file has errors, for which what it says is not in force. */
  get hasErrors(): boolean {
    return this.#latest.errors.length > 0;
  }

  /**
   * Warnings about the file, and where what is in force is not what it says. `isDeclared` knows the
   * commands of nodes of other programs, which are no slip.
   */
  notes(isDeclared: (command: string) => boolean): GatewayNote[] {
    const declared = ({ code, found = "" }: ConfigIssue) =>
      code === "CONFIG_UNKNOWN_COMMAND" && isDeclared(found);
    const notes = [
      ...differenceNotes({ loaded: this.#loaded, latest: this.#latest, watcher: this.#watcher }),
      ...this.#loaded.warnings
        .filter((issue) => !declared(issue))
        .map((issue) => issueNote(issue, this.path)),
    ];
    const due = diffConfig(this.#started, this.current).filter(({ apply }) => apply === "restart");
    if (due.length > 0) {
      const keys = due.map(({ path }) => path).join(", ");
      notes.push(restartDue(keys));
    }
    return notes;
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
      lookMs: this.deps.limits.tickMs,
      hash: this.#loaded.source.hash,
      onChange: (loaded) => this.#adopt(loaded),
      onError: (error: ConfigError) => this.deps.warn(say`${error.message}; next: ${error.next}`),
    });
  }

  /**
   * Looks whether the file is another one than was read, which the system does not tell everywhere, and
   * follows it then. Resolves once that is done, or after `configLookMs` where the file's disk does not
   * answer.
   */
  async look(): Promise<void> {
    if (!this.#watcher) return;
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.deps.world.after(lookMs, resolve);
    });
    await Promise.race([this.#watcher.look(), late]);
    timer?.cancel();
  }

  /** Names the file and the state that it was read in last; absent where none is followed. */
  get mark(): string | undefined {
    return this.#watcher && markWord(this.#watcher.mark);
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#listeners.clear();
  }

  /** Reads the file again; used after a change of our own, which the watcher reports later. */
  async reload(): Promise<void> {
    // What it tells once alone must not be told twice, and a file that is gone must not open anything.
    if (this.#watcher) return this.#watcher.look();
    const loaded = await loadConfig(this.deps.load);
    if (loaded.source.hash !== this.#latest.source.hash) this.#adopt(loaded);
  }

  #adopt(loaded: LoadedConfig): void {
    this.#latest = loaded;
    if (loaded.errors.length > 0) {
      const lines = loaded.errors.map((issue) => formatIssue(discreet(issue), this.path));
      this.deps.warn(joined(["the config has errors; what was in force stays", ...lines], "\n"));
      return;
    }
    if (loaded.source.hash === this.#loaded.source.hash) return;
    const old = this.#loaded.config;
    this.#loaded = loaded;
    const changes = diffConfig(old, loaded.config);
    for (const listener of this.#listeners) listener(changes, loaded.config, old);
  }

  /** The hash of the file's text that clients compare before they change something. */
  get hash(): string {
    return publicHash(this.#latest.source.raw, this.deps.hashKey);
  }

  /** Such a hash of the text whose settings are in force, which the file's is not while it has errors. */
  get appliedHash(): string {
    return publicHash(this.#loaded.source.raw, this.deps.hashKey);
  }

  /** The result of `config.get` (docs/methods.md#configget). Secrets are hidden. */
  view({ comments }: { readonly comments: boolean }) {
    const { source, errors, warnings } = this.#latest;
    const { hash } = this;
    const { parsed, raw } = redactSource(source.raw, { comments });
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
      appliedConfigHash: this.appliedHash,
      overrides: this.overrides.map(({ path, by, name }) => ({ path, by, name })),
    };
  }

  /**
   * Reads the file and works out what `request` changes in it. Nothing is written.
   * @throws ConfigError CONFIG_READ, CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY, CONFIG_VALUE, CONFIG_REDACTED,
   * CONFIG_CLEAR_SECRET, CONFIG_HOST_ONLY; CONFIG_CHANGED where a client's hash is not that of the file
   */
  async plan(request: ConfigRequest): Promise<ConfigPlan> {
    const file = await readConfigFile(this.path);
    if ("raw" in request) await this.#refuseStale(file, request);
    return planConfig(file, request, { current: this.current, hashKey: this.deps.hashKey });
  }

  /**
   * Runs `work` when no other change runs. It plans a change, checks and announces what that comes to,
   * then commits and applies the plan. Resolves and rejects as `work` does.
   */
  exclusive<Result>(work: (turn: ConfigTurn) => Promise<Result>): Promise<Result> {
    let written: Written | undefined;
    const turn: ConfigTurn = {
      plan: (request) => this.plan(request),
      commit: async (plan) => {
        written = await writePlan(plan.file, plan, this.deps.writeFile);
      },
      apply: (plan) => this.#apply(plan, written),
    };
    const run = this.#last.then(() => work(turn));
    this.#last = run.catch(() => undefined);
    return run;
  }

  async #apply(plan: ConfigPlan, written: Written | undefined): Promise<ConfigApplied> {
    const { changedPaths, current: before, warnings } = plan;
    await this.reload();
    return {
      file: this.path,
      hash: this.hash,
      config: redactConfig(this.current),
      restartNeeded: needsRestart(diffConfig(before, this.current)),
      overridden: overridden(this.#loaded, changedPaths),
      notInForce: this.#unappliedWarnings(),
      remarks: written === "in place" ? [...warnings, IN_PLACE] : warnings,
    };
  }

  /** A client must have seen what it changes, or it would take back what another one wrote. */
  async #refuseStale(file: ConfigFile, { raw, baseHash }: ConfigWrite): Promise<void> {
    if (raw.length > maxConfigBytes) {
      const message = "raw is longer than a config file may be (1 MiB)";
      throw new ConfigError("CONFIG_VALUE", message, { next: openclaw`config --help` });
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
}

const lookMs = stateLimitTable.configLookMs.value;

const IN_PLACE =
  "written in place, for a file that is mounted by itself, or whose folder is closed, can't be replaced; " +
  "should a crash cut that short, the next start completes it";

function restartDue(keys: string): GatewayNote {
  const next = openclaw`gateway restart`;
  return {
    code: "RESTART_DUE",
    message: `${keys} changed: takes effect at the next start`,
    next,
    text: say`${keys} changed: takes effect after ${next}`,
  };
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
