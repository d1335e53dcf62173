import type { Timer, World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { RawJson } from "../protocol/frames.ts";
import { Beacons } from "./beacons.ts";
import type { Receiver } from "./hub.ts";

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
  /** Seconds since a person used it. */
  readonly lastInputSeconds?: number | undefined;
  readonly tags?: readonly string[] | undefined;
  /** The line that it describes itself with. */
  readonly text?: string | undefined;
}

/** What a client says of itself after its connect, and what it is known by in the list. */
export interface BeaconFacts {
  readonly connId: string;
  /** Whose beacons these are, as limits count: the device, or else the shared secret. */
  readonly sender: string;
  /** Fields that are undefined stay as they are. */
  readonly said: PresenceEntry;
}

interface Deps {
  readonly world: World;
  readonly limits: Limits;
  readonly self: PresenceEntry;
  /** Who may have presence events now. */
  readonly audience: () => Receiver[];
  readonly publish: (payload: RawJson, version: number, to: readonly Receiver[]) => void;
}

/** A crowd is told in this many parts a second, so that no part keeps others waiting. */
const PARTS_PER_SECOND = 16;

/**
 * Who is connected. Entries are kept as JSON text, so a list costs one join; changes within
 * `presenceCoalesceMs`, or longer in a crowd, go out as one event. Each receiver gets the whole
 * list, so in a crowd one event is many megabytes: it goes to a part of the crowd at a time.
 */
export class Presence {
  readonly #entries = new Map<string, string>();
  readonly #beacons: Beacons;
  #selfText: string;
  #version = 1;
  #list: RawJson | undefined;
  #listedAt = 0;
  #timer: Timer | undefined;
  #dirty = true;
  /** Receivers that still wait for the newest list. */
  #untold: Receiver[] = [];
  /** The version that all receivers know once `#untold` is empty. */
  #toldVersion = 0;
  /** Monotonic time before which no further event goes out. */
  #quietUntil = 0;

  constructor(private readonly deps: Deps) {
    this.#selfText = JSON.stringify(deps.self);
    const { world, limits } = deps;
    this.#beacons = new Beacons({ world, limits, changed: () => this.#changed() });
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

  /**
   * Takes what a client says of itself: into the entry of its connection, unless it says that it speaks for
   * another instance; else as an entry that outlives the connection for a while.
   */
  beacon({ connId, sender, said }: BeaconFacts): void {
    const text = this.#entries.get(connId);
    const own: PresenceEntry | undefined = text === undefined ? undefined : JSON.parse(text);
    const { instanceId } = said;
    if (own && (instanceId === undefined || instanceId === own.instanceId)) {
      // As JSON, in which what it left out does not stand.
      this.#entries.set(connId, JSON.stringify({ ...own, ...JSON.parse(JSON.stringify(said)) }));
    } else {
      const name = instanceId ?? said.host ?? said.text ?? "";
      this.#beacons.set(sender, name, JSON.stringify(said));
    }
    this.#changed();
  }

  delete(connId: string): void {
    if (this.#entries.delete(connId)) this.#changed();
  }

  get version(): number {
    return this.#version;
  }

  /** The list as clients get it: this gateway first, then beacons, then the newest connections. */
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
    const all = [...this.#beacons.texts, ...this.#entries.values()];
    const texts = all.slice(-limits.presenceEntries);
    this.#list = new RawJson(`[${[this.#selfText, ...texts].join(",")}]`);
    this.#listedAt = world.monotonic();
    this.#dirty = false;
    return this.#list;
  }

  #changed(): void {
    this.#version += 1;
    this.#dirty = true;
    this.#publishLater(this.deps.limits.presenceCoalesceMs);
  }

  #publishLater(ms: number): void {
    if (this.#timer) return;
    const { world } = this.deps;
    const wait = Math.max(ms, this.#quietUntil - world.monotonic());
    this.#timer = world.after(wait, () => this.#publish());
  }

  /** Tells a part of those who have still to be told; the next waits until this one has been paid for. */
  #publish(): void {
    const { limits, world } = this.deps;
    this.#timer = undefined;
    if (this.#untold.length === 0) {
      this.#untold = this.deps.audience();
      this.#toldVersion = this.#version;
    }
    // Made anew for each part: no receiver is told an older list than a request was answered with.
    const { text } = this.#makeList();
    const perPart = limits.presenceBytesPerSecond / PARTS_PER_SECOND;
    const part = this.#untold.splice(0, Math.max(1, Math.floor(perPart / text.length)));
    this.deps.publish(new RawJson(`{"presence":${text}}`), this.#version, part);
    const bytes = text.length * part.length;
    this.#quietUntil = world.monotonic() + (1000 * bytes) / limits.presenceBytesPerSecond;
    if (this.#untold.length > 0) this.#publishLater(0);
    else if (this.#version !== this.#toldVersion) this.#publishLater(limits.presenceCoalesceMs);
  }

  close(): void {
    this.#beacons.close();
    this.#timer?.cancel();
  }
}
