import { type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";
import type { Timer, World } from "../lib/world.ts";
import { type ConfigError, type ConfigIssue, editCommand } from "./errors.ts";
import { type FileMark, isFresh, isSameMark, markOf } from "./file-mark.ts";
import { type LoadedConfig, type LoadOptions, loadConfig } from "./load.ts";
import { watchFailure } from "./watch-failure.ts";
import { isRemote, placesOf, type WatchedPlace } from "./watched-places.ts";

export interface WatchOptions extends LoadOptions {
  /** `source.hash` of the config in use. */
  readonly hash: string;
  readonly world: Pick<World, "after" | "now">;
  /** Called with each new content. Keep the config in use while `errors` is not empty. */
  readonly onChange: (loaded: LoadedConfig) => void;
  /** Called once when the file can't be watched (any longer); it is compared at intervals then. */
  readonly onError: (error: ConfigError) => void;
  /** Milliseconds of quiet before the file is read: editors write in several steps. */
  readonly quietMs?: number;
  /** Milliseconds between two comparisons of a file whose changes may not be told. */
  readonly lookMs: number;
  /** `fs.watch`, which a test makes fail. */
  readonly watch?: typeof watch;
}

/**
 * Follows one config file. The system tells of changes in its folder, in those of the links that lead to
 * it, and of the file itself; what it does not tell of is found by {@link look}.
 */
export class ConfigWatcher {
  readonly #options: WatchOptions;
  #watchers: FSWatcher[] = [];
  #watched = "";
  #hash: string;
  /** Of the file when it was read last, and the clock then. */
  #mark: FileMark | undefined;
  #markedAt = 0;
  #quiet: Timer | undefined;
  #next: Timer | undefined;
  #problem: ConfigError | undefined;
  #remote = false;
  #reading: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#hash = options.hash;
    this.#arm();
    // The file may have changed between its reading and now.
    this.#wake();
  }

  /** Why the file can't be watched; `undefined` where it is. */
  get problem(): ConfigError | undefined {
    return this.#problem;
  }

  /** Of the file as it was read last; `undefined` where there was none. */
  get mark(): FileMark | undefined {
    return this.#mark;
  }

  /**
   * Compares the file with what was read last, at the cost of one stat, and reads it where it is another.
   * Resolves once a change was told.
   */
  async look(): Promise<void> {
    // What is being read may be from before a change that the caller knows of.
    while (this.#reading) await this.#reading;
    if (this.#closed) return;
    const mark = await markOf(this.#options.path);
    const known = isSameMark(mark, this.#mark) && !isFresh(this.#mark, this.#markedAt);
    if (!known || this.#problem) await this.#read();
  }

  /** Ends watching; no callback comes afterwards. Closing twice does nothing. */
  close(): void {
    this.#closed = true;
    this.#quiet?.cancel();
    this.#next?.cancel();
    this.#disarm();
  }

  #arm(): void {
    try {
      const places = placesOf(this.#options.path);
      const watched = JSON.stringify(places);
      if (watched !== this.#watched) {
        this.#disarm();
        for (const place of places) this.#watch(place);
        this.#watched = watched;
      }
      this.#problem = undefined;
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #watch({ path, names }: WatchedPlace): void {
    const start = this.#options.watch ?? watch;
    const watcher = start(path, { persistent: false }, (_event, name) => {
      // A folder reports under its own name when it is removed or replaced.
      const tells = names === undefined || name === null || names.includes(name);
      if (tells || name === basename(path)) this.#wake();
    });
    watcher.on("error", (cause) => this.#fail(cause));
    this.#watchers.push(watcher);
  }

  #disarm(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
    this.#watched = "";
  }

  #wake(): void {
    if (this.#closed) return;
    this.#quiet?.cancel();
    const { world, quietMs = 150 } = this.#options;
    this.#quiet = world.after(quietMs, () => void this.#read());
  }

  /** One read at a time; a wake-up in between causes one more. */
  #read(): Promise<void> {
    this.#again = this.#reading !== undefined;
    this.#reading ??= this.#readOn().finally(() => {
      this.#reading = undefined;
      this.#lookLater();
    });
    return this.#reading;
  }

  async #readOn(): Promise<void> {
    const { path, world } = this.#options;
    do {
      this.#again = false;
      // Before reading: a change after this point wakes us again, or shows at the next look.
      this.#arm();
      this.#markedAt = world.now();
      this.#mark = await markOf(path);
      const loaded = await loadConfig(this.#options);
      this.#remote = await isRemote(path);
      if (this.#closed) return;
      if (!this.#again) this.#tell(loaded);
    } while (this.#again);
  }

  /** Where changes may not be told the file is looked at from time to time; else no timer runs. */
  #lookLater(): void {
    this.#next?.cancel();
    if (this.#closed || !(this.#problem || this.#remote)) return;
    const { world, lookMs } = this.#options;
    this.#next = world.after(lookMs, () => void this.look().finally(() => this.#lookLater()));
  }

  #tell(loaded: LoadedConfig): void {
    if (loaded.source.hash === this.#hash) return;
    this.#hash = loaded.source.hash;
    const gone = (loaded.source.raw ?? "").trim() === "" && loaded.errors.length === 0;
    this.#options.onChange(gone ? { ...loaded, errors: [goneIssue(loaded)] } : loaded);
  }

  #fail(cause: unknown): void {
    this.#disarm();
    const { path, lookMs, onError, env = {} } = this.#options;
    const before = this.#problem;
    this.#problem = watchFailure(cause, path, { everyMs: lookMs, env });
    // Told once, however often it is tried again.
    if (before?.message !== this.#problem.message) onError(this.#problem);
    if (!this.#reading) this.#lookLater();
  }
}

/**
 * The issue of a file that is gone. That must not open what the file closed: its settings stay
 * until the file is written anew.
 */
function goneIssue({ source }: LoadedConfig): ConfigIssue {
  const what = source.exists ? "was emptied" : "was removed";
  const message = `the config file ${what}; the settings read before stay until a restart`;
  return { code: "CONFIG_GONE", path: "", message, next: editCommand(source.path) };
}
