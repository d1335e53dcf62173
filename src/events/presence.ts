import type { Timer, World } from "../lib/world.ts";
import { RawJson } from "../protocol/frames.ts";
import type { Limits } from "../protocol/limits.ts";

/** One connected client, as clients show it (`PresenceEntry` of the protocol); undefined is left out. */
export interface PresenceEntry {
  readonly host?: string | undefined;
  readonly ip?: string | undefined;
  readonly version?: string | undefined;
  readonly platform?: string | undefined;
  readonly deviceFamily?: string | undefined;
  readonly modelIdentifier?: string | undefined;
  readonly timeZone?: string | undefined;
  readonly mode?: string | undefined;
  readonly reason?: string | undefined;
  readonly ts: number;
  readonly deviceId?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly instanceId?: string | undefined;
}

interface Deps {
  readonly world: World;
  readonly limits: Limits;
  readonly self: PresenceEntry;
  readonly publish: (payload: RawJson, presenceVersion: number) => void;
}

/**
 * Who is connected. Entries are kept as JSON text, so a list costs one join; changes within
 * `presenceCoalesceMs`, or longer in a crowd, go out as one event.
 */
export class Presence {
  readonly #entries = new Map<string, string>();
  #selfText: string;
  #version = 1;
  #list: RawJson | undefined;
  #listedAt = 0;
  #timer: Timer | undefined;
  #dirty = true;
  /** Monotonic time before which no further event goes out. */
  #quietUntil = 0;

  constructor(private readonly deps: Deps) {
    this.#selfText = JSON.stringify(deps.self);
  }

  /** The gateway itself goes by another name from now on. */
  rename(host: string): void {
    this.#selfText = JSON.stringify({ ...this.deps.self, host });
    this.#changed();
  }

  /** Adds or replaces the entry of a connection. */
  set(connId: string, entry: PresenceEntry): void {
    this.#entries.set(connId, JSON.stringify(entry));
    this.#changed();
  }

  delete(connId: string): void {
    if (this.#entries.delete(connId)) this.#changed();
  }

  get version(): number {
    return this.#version;
  }

  /** The list as clients get it: this gateway first, then the newest connections. */
  get list(): RawJson {
    const { limits, world } = this.deps;
    const crowded = this.#entries.size > limits.presenceEntries;
    // A crowded list is made anew only now and then: a storm of connects would pay for it each time.
    const fresh = crowded && world.monotonic() - this.#listedAt < limits.presenceCoalesceMs;
    if (this.#list && (fresh || !this.#dirty)) return this.#list;
    return this.#makeList();
  }

  #makeList(): RawJson {
    const { limits, world } = this.deps;
    const texts = [...this.#entries.values()].slice(-limits.presenceEntries);
    this.#list = new RawJson(`[${[this.#selfText, ...texts].join(",")}]`);
    this.#listedAt = world.monotonic();
    this.#dirty = false;
    return this.#list;
  }

  #changed(): void {
    const { limits, world } = this.deps;
    this.#version += 1;
    this.#dirty = true;
    const wait = Math.max(limits.presenceCoalesceMs, this.#quietUntil - world.monotonic());
    this.#timer ??= world.after(wait, () => this.#publish());
  }

  /**
   * Everyone gets the whole list, so in a crowd one event is many megabytes: the next one waits until
   * this one has been paid for.
   */
  #publish(): void {
    const { limits, world } = this.deps;
    this.#timer = undefined;
    const { text } = this.#makeList();
    this.deps.publish(new RawJson(`{"presence":${text}}`), this.#version);
    const bytes = text.length * this.#entries.size;
    this.#quietUntil = world.monotonic() + (1000 * bytes) / limits.presenceBytesPerSecond;
  }

  close(): void {
    this.#timer?.cancel();
  }
}
