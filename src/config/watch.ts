import { type FSWatcher, realpathSync, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { whyFailed } from "../lib/system-words.ts";
import type { Timer, World } from "../lib/world.ts";
import { shell } from "../protocol/command.ts";
import { ConfigError, type ConfigIssue, editCommand } from "./errors.ts";
import { type LoadedConfig, type LoadOptions, loadConfig } from "./load.ts";

export interface WatchOptions extends LoadOptions {
  /** `source.hash` of the config in use. */
  readonly hash: string;
  readonly world: Pick<World, "after">;
  /** Called with each new content. Keep the config in use while `errors` is not empty. */
  readonly onChange: (loaded: LoadedConfig) => void;
  /** Called when the folder can't be watched (any longer); changes then need a restart. */
  readonly onError: (error: ConfigError) => void;
  /** Milliseconds of quiet before the file is read: editors write in several steps. */
  readonly quietMs?: number;
}

/** Watches one config file through its folder, so that replacing the file does not end it. */
export class ConfigWatcher {
  readonly #options: WatchOptions;
  #watchers: FSWatcher[] = [];
  #watched = "";
  #hash: string;
  #timer: Timer | undefined;
  #reading = false;
  #again = false;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#hash = options.hash;
    this.#arm();
    // The file may have changed between its reading and now.
    this.#wake();
  }

  /** Ends watching; no callback comes afterwards. Closing twice does nothing. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#disarm();
  }

  #arm(): void {
    const { path } = this.#options;
    try {
      const places = placesOf(path);
      const watched = JSON.stringify(places);
      if (watched === this.#watched) return;
      this.#disarm();
      for (const { folder, names } of places) this.#watch(folder, names);
      this.#watched = watched;
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #watch(folder: string, names: readonly string[]): void {
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      // The folder itself reports under its own name when it is removed or replaced.
      if (name === null || names.includes(name) || name === basename(folder)) this.#wake();
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
    this.#timer?.cancel();
    this.#timer = this.#options.world.after(this.#options.quietMs ?? 150, () => void this.#read());
  }

  /** One read at a time; a wake-up in between causes one more. */
  async #read(): Promise<void> {
    this.#again = this.#reading;
    if (this.#reading) return;
    this.#reading = true;
    do {
      this.#again = false;
      // Before reading: a change after this point wakes us again.
      this.#arm();
      const loaded = await loadConfig(this.#options);
      if (this.#closed) return;
      if (!this.#again) this.#tell(loaded);
    } while (this.#again);
    this.#reading = false;
  }

  #tell(loaded: LoadedConfig): void {
    if (loaded.source.hash === this.#hash) return;
    this.#hash = loaded.source.hash;
    const gone = (loaded.source.raw ?? "").trim() === "" && loaded.errors.length === 0;
    this.#options.onChange(gone ? { ...loaded, errors: [goneIssue(loaded)] } : loaded);
  }

  #fail(cause: unknown): void {
    this.#disarm();
    const code = whyFailed(cause);
    const next = shell`ls -ld ${dirname(this.#options.path)}`;
    const message = `the folder of the config file can't be watched: ${code}`;
    this.#options.onError(new ConfigError("CONFIG_WATCH", message, { next, cause }));
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

interface WatchedFolder {
  readonly folder: string;
  /** Identifies the folder itself: one that was replaced must be watched anew. */
  readonly id: string;
  readonly names: readonly string[];
}

/** The file's folder and, behind a symbolic link, the folder of the file it leads to. */
function placesOf(path: string): WatchedFolder[] {
  const real = realPath(path);
  // Kubernetes swaps a link named ..data beside the file instead of the file.
  const places = [place(dirname(path), [basename(path), "..data"])];
  if (real !== undefined && real !== path) places.push(place(dirname(real), [basename(real)]));
  return places;
}

function place(folder: string, names: readonly string[]): WatchedFolder {
  const { dev, ino } = statSync(folder);
  return { folder, id: `${dev}:${ino}`, names };
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
