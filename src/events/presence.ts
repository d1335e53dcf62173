import type { Timer, World } from "../lib/world.ts";
import { RawJson } from "../protocol/frames.ts";
import type { Limits } from "../protocol/limits.ts";

/** One connected client, as clients show it (`PresenceEntry` of the protocol). */
export interface PresenceEntry {
  readonly host?: string;
  readonly ip?: string;
  readonly version?: string;
  readonly platform?: string;
  readonly deviceFamily?: string;
  readonly modelIdentifier?: string;
  readonly timeZone?: string;
  readonly mode?: string;
  readonly reason?: string;
  readonly ts: number;
  readonly deviceId?: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  readonly instanceId?: string;
}

interface Deps {
  readonly world: World;
  readonly limits: Limits;
  readonly self: PresenceEntry;
  readonly publish: (payload: RawJson, presenceVersion: number) => void;
}

/**
 * Who is connected. Entries are kept as JSON text, so a list costs one join; changes within
 * `presenceCoalesceMs` go out as one event.
 */
export class Presence {
  readonly #entries = new Map<string, string>();
  readonly #selfText: string;
  #version = 1;
  #list: RawJson | undefined;
  #listedAt = 0;
  #timer: Timer | undefined;

  constructor(private readonly deps: Deps) {
    this.#selfText = JSON.stringify(deps.self);
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
    const texts = [...this.#entries.values()].slice(-limits.presenceEntries);
    this.#list = new RawJson(`[${[this.#selfText, ...texts].join(",")}]`);
    this.#listedAt = world.monotonic();
    this.#dirty = false;
    return this.#list;
  }

  #dirty = true;

  #changed(): void {
    this.#version += 1;
    this.#dirty = true;
    this.#timer ??= this.deps.world.after(this.deps.limits.presenceCoalesceMs, () => {
      this.#timer = undefined;
      const payload = new RawJson(`{"presence":${this.list.text}}`);
      this.deps.publish(payload, this.#version);
    });
  }

  close(): void {
    this.#timer?.cancel();
  }
}
