import { prefixKey } from "../lib/net.ts";
import type { Limits } from "../limits/table.ts";

/** How many of something each key has; keys that have none are not kept. */
class HeldBy {
  readonly #counts = new Map<string, number>();

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string, change: number): void {
    const count = this.of(key) + change;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }
}

type PlaceLimits = Pick<
  Limits,
  "connections" | "placesPerAddress" | "placesPerPrefix" | "deviceSockets"
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
  readonly #sources = new HeldBy();
  readonly #prefixes = new HeldBy();

  constructor(private readonly limits: PlaceLimits) {}

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
    const { free, limits } = this;
    if (this.#sources.of(source) >= Math.min(limits.placesPerAddress, free)) return false;
    return this.#prefixes.of(prefixKey(source)) < Math.min(limits.placesPerPrefix, 2 * free);
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
    return held === 0 || held < Math.min(this.limits.deviceSockets, this.free);
  }
}
