import type { Places } from "../gateway/places.ts";
import { KeyCounts } from "../lib/key-counts.ts";
import type { Limits } from "../limits/table.ts";

/** Seconds after which uWebSockets.js has ended a socket without a whole request (measured: 8 to 12). */
const WINDOW_MS = 12_000;
/** Even a small gateway answers this many plain requests of one address, each on a socket of its own. */
const FEWEST = 256;
/** Addresses in one window; who comes when there are more is not counted by address. */
const SOURCES = 65_536;

/**
 * Counts, by address, TCP connections that speak HTTP or nothing yet. uWebSockets.js ends one that asks
 * for nothing after a while, and does not say whose socket ended once it has asked for something. So a
 * socket counts until it ends without a request, asks for a WebSocket, or until the window after the one
 * of its last answer is over: never less are counted than there are.
 */
export class IdleSockets {
  #window = new KeyCounts();
  #before = new KeyCounts();
  #since: number;
  readonly #most: number;

  constructor(
    limits: Limits,
    private readonly monotonic: () => number,
    private readonly places?: Places,
  ) {
    this.#since = monotonic();
    const share = Math.ceil(limits.connections / 4);
    this.#most = Math.min(limits.silentPerAddress, Math.max(FEWEST, share));
  }

  /** A socket came; false if its address has too many already. */
  opened(source: string): boolean {
    this.#turn();
    const count = this.#window.of(source);
    if (count + this.#before.of(source) >= this.#most) return false;
    if (count > 0 || this.#window.size < SOURCES) {
      this.#window.add(source);
      this.places?.hold(source);
    }
    return true;
  }

  /** One of them asked for a WebSocket. */
  upgraded(source: string): void {
    this.gone(source);
  }

  /** One of them ended. */
  gone(source: string): void {
    if (this.#before.take(source) || this.#window.take(source)) this.places?.release(source);
  }

  /** One of them is answered and stays for another request: it counts anew from now on. */
  answered(source: string): void {
    this.#turn();
    if (this.#before.take(source)) this.#window.add(source);
  }

  /** Whether a socket of this address may stay for another request: up to half of its share. */
  mayStay(source: string): boolean {
    const count = this.#window.of(source) + this.#before.of(source);
    return count <= this.#most / 2 && this.places?.areFew !== true;
  }

  #turn(): void {
    const windows = Math.floor((this.monotonic() - this.#since) / WINDOW_MS);
    if (windows < 1) return;
    this.#forget(this.#before);
    if (windows > 1) this.#forget(this.#window);
    this.#before = windows === 1 ? this.#window : new KeyCounts();
    this.#window = new KeyCounts();
    this.#since += windows * WINDOW_MS;
  }

  #forget(counts: KeyCounts): void {
    for (const [source, count] of counts) this.places?.release(source, count);
  }
}
