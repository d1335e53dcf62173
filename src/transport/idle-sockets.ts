import type { Limits } from "../limits/table.ts";

/** Seconds after which uWebSockets.js has ended a socket without a whole request (measured: 8 to 12). */
const WINDOW_MS = 12_000;
/** Even a small gateway answers this many plain requests of one address, each on a socket of its own. */
const FEWEST = 256;
/** Addresses in one window; who comes when there are more is not counted by address. */
const SOURCES = 65_536;

/**
 * Counts, by address, TCP connections that have not asked for a WebSocket. uWebSockets.js does not say
 * whose socket ended, so a socket counts until it asks, or until the window after its own is over.
 */
export class IdleSockets {
  #window = new Map<string, number>();
  #before = new Map<string, number>();
  #since: number;
  readonly #most: number;

  constructor(
    limits: Limits,
    private readonly monotonic: () => number,
  ) {
    this.#since = monotonic();
    const share = Math.ceil(limits.connections / 4);
    this.#most = Math.min(limits.silentPerAddress, Math.max(FEWEST, share));
  }

  /** A socket came; false if its address has too many already. */
  opened(source: string): boolean {
    this.#turn();
    const count = this.#window.get(source) ?? 0;
    if (count + (this.#before.get(source) ?? 0) >= this.#most) return false;
    if (count > 0 || this.#window.size < SOURCES) this.#window.set(source, count + 1);
    return true;
  }

  /** One of them asked for a WebSocket. */
  upgraded(source: string): void {
    for (const counts of [this.#before, this.#window]) {
      const count = counts.get(source);
      if (count === undefined) continue;
      if (count > 1) counts.set(source, count - 1);
      else counts.delete(source);
      return;
    }
  }

  #turn(): void {
    const windows = Math.floor((this.monotonic() - this.#since) / WINDOW_MS);
    if (windows < 1) return;
    this.#before = windows === 1 ? this.#window : new Map();
    this.#window = new Map();
    this.#since += windows * WINDOW_MS;
  }
}
