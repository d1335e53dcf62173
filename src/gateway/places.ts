import { prefixKey } from "../lib/net.ts";
import type { Limits } from "../limits/table.ts";

/** The part of `connections` that is kept at most. */
const KEPT = 1 / 8;

type PlaceLimits = Pick<
  Limits,
  | "connections"
  | "placesPerAddress"
  | "placesPerPrefix"
  | "placesKept"
  | "knownAddresses"
  | "deviceSockets"
>;

/** The sockets of one address, and those of its prefix. */
interface Held {
  count: number;
  readonly prefix: { count: number };
}

/**
 * The account of places: how many sockets there are in every state, and from which address each is that
 * is not authenticated. What one address may have follows what is free: so many as it leaves to others.
 * One that takes all it can leaves half, a hundred of them together leave a hundredth, and an address
 * that holds none comes in as long as anything is free. One that holds few never notices.
 */
export class Places {
  #connections = 0;
  #others = 0;
  /** Of each source that holds any. A connection comes and goes by several of these changes. */
  readonly #sources = new Map<string, Held>();
  readonly #prefixes = new Map<string, { count: number }>();
  /** Sources from which a device was admitted, the one of the latest last. */
  readonly #known = new Set<string>();
  readonly #kept: number;

  constructor(private readonly limits: PlaceLimits) {
    this.#kept = Math.min(limits.placesKept, Math.floor(limits.connections * KEPT));
  }

  /** Sockets that may still come. */
  get free(): number {
    return Math.max(0, this.limits.connections - this.#connections - this.#others);
  }

  /** Connections, from their challenge to their end. */
  get connections(): number {
    return this.#connections;
  }

  /** Connections came or ended. */
  connected(change: 1 | -1): void {
    this.#connections += change;
  }

  /** Other sockets came or went: that speak HTTP or nothing yet, or ended and may still be open. */
  others(change: number): void {
    this.#others += change;
  }

  /** Whether one more socket from `source` may be open that is not authenticated. */
  hasRoom(source: string): boolean {
    return this.#hasRoom(source, this.#keptFrom(source));
  }

  /**
   * Whether a socket from `source` that is over may stay open a while: no place that is kept is for that,
   * but where `source` has no other socket, as it is for a client that behaves.
   */
  mayLinger(source: string): boolean {
    const holds = this.heldBy(source) > 0;
    return this.#hasRoom(source, holds ? 2 * this.#kept : this.#keptFrom(source));
  }

  #hasRoom(source: string, kept: number): boolean {
    const { limits } = this;
    const free = Math.max(0, this.free - kept);
    const held = this.#sources.get(source);
    if ((held?.count ?? 0) >= Math.min(limits.placesPerAddress, free)) return false;
    const { count = 0 } = held?.prefix ?? this.#prefixes.get(prefixKey(source)) ?? {};
    return count < Math.min(limits.placesPerPrefix, 2 * free);
  }

  /** Places that are free and not for `source`: the last are for known ones, as many for newcomers. */
  #keptFrom(source: string): number {
    if (this.#known.has(source)) return 0;
    return this.heldBy(source) > 0 ? 2 * this.#kept : this.#kept;
  }

  /** Whether places are few: then nothing stays open that is of no use at the moment. */
  get areFew(): boolean {
    return this.free < this.limits.connections / 2;
  }

  /** A paired device was admitted from `source`: the last places are kept for such. */
  know(source: string): void {
    this.#known.delete(source);
    this.#known.add(source);
    if (this.#known.size <= this.limits.knownAddresses) return;
    const [longestAgo] = this.#known;
    if (longestAgo !== undefined) this.#known.delete(longestAgo);
  }

  /** Whether a paired device was admitted from `source`, and not too many others since. */
  knows(source: string): boolean {
    return this.#known.has(source);
  }

  /** Counts `count` sockets against `source`. */
  hold(source: string, count = 1): void {
    const held = this.#sources.get(source) ?? this.#newcomer(source);
    held.count += count;
    held.prefix.count += count;
  }

  #newcomer(source: string): Held {
    const key = prefixKey(source);
    let prefix = this.#prefixes.get(key);
    if (prefix === undefined) {
      prefix = { count: 0 };
      this.#prefixes.set(key, prefix);
    }
    const held = { count: 0, prefix };
    this.#sources.set(source, held);
    return held;
  }

  /** Takes `count` sockets of `source` back. */
  release(source: string, count = 1): void {
    const held = this.#sources.get(source);
    if (held === undefined) return;
    // What a source does not hold is not taken from others of its prefix.
    const gone = Math.min(count, held.count);
    held.count -= gone;
    held.prefix.count -= gone;
    if (held.count === 0) this.#sources.delete(source);
    if (held.prefix.count === 0) this.#prefixes.delete(prefixKey(source));
  }

  /** Sockets that count against `source`. */
  heldBy(source: string): number {
    return this.#sources.get(source)?.count ?? 0;
  }

  /** Whether a device that has `held` ready sockets may have one more, which is open already. */
  deviceHasRoom(held: number): boolean {
    return held === 0 || held < Math.min(this.limits.deviceSockets, this.free - 2 * this.#kept);
  }
}
