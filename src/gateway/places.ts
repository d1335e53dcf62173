import { KeyCounts } from "../lib/key-counts.ts";
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

/**
 * The account of places: how many sockets there are in every state, and from which address each is that
 * is not authenticated. What one address may have follows what is free: so many as it leaves to others.
 * One that takes all it can leaves half, a hundred of them together leave a hundredth, and an address
 * that holds none comes in as long as anything is free. One that holds few never notices.
 */
export class Places {
  #connections = 0;
  #others = 0;
  readonly #sources = new KeyCounts();
  readonly #prefixes = new KeyCounts();
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
    const holds = this.#sources.of(source) > 0;
    return this.#hasRoom(source, holds ? 2 * this.#kept : this.#keptFrom(source));
  }

  #hasRoom(source: string, kept: number): boolean {
    const { limits } = this;
    const free = Math.max(0, this.free - kept);
    if (this.#sources.of(source) >= Math.min(limits.placesPerAddress, free)) return false;
    return this.#prefixes.of(prefixKey(source)) < Math.min(limits.placesPerPrefix, 2 * free);
  }

  /** Places that are free and not for `source`: the last are for known ones, as many for newcomers. */
  #keptFrom(source: string): number {
    if (this.#known.has(source)) return 0;
    return this.#sources.of(source) > 0 ? 2 * this.#kept : this.#kept;
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

  /** Counts `count` sockets against `source`, or takes them back where it is negative. */
  hold(source: string, count = 1): void {
    this.#sources.add(source, count);
    this.#prefixes.add(prefixKey(source), count);
  }

  release(source: string, count = 1): void {
    this.hold(source, -count);
  }

  /** Sockets that count against `source`. */
  heldBy(source: string): number {
    return this.#sources.of(source);
  }

  /** Whether a device that has `held` ready sockets may have one more, which is open already. */
  deviceHasRoom(held: number): boolean {
    return held === 0 || held < Math.min(this.limits.deviceSockets, this.free - 2 * this.#kept);
  }
}
