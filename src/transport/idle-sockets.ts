import type { Places } from "../gateway/places.ts";
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
  #window = new Map<string, number>();
  #before = new Map<string, number>();
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
    const count = this.#window.get(source) ?? 0;
    if (count + (this.#before.get(source) ?? 0) >= this.#most) return false;
    if (count > 0 || this.#window.size < SOURCES) {
      this.#window.set(source, count + 1);
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
    if (take(this.#before, source) || take(this.#window, source)) this.places?.release(source);
  }

  /** One of them is answered and stays for another request: it counts anew from now on. */
  answered(source: string): void {
    this.#turn();
    if (!take(this.#before, source)) return;
    this.#window.set(source, (this.#window.get(source) ?? 0) + 1);
  }

  /** Whether a socket of this address may stay for another request: up to half of its share. */
  mayStay(source: string): boolean {
    const count = (this.#window.get(source) ?? 0) + (this.#before.get(source) ?? 0);
    return count <= this.#most / 2 && this.places?.areFew !== true;
  }

  #turn(): void {
    const windows = Math.floor((this.monotonic() - this.#since) / WINDOW_MS);
    if (windows < 1) return;
    this.#forget(this.#before);
    if (windows > 1) this.#forget(this.#window);
    this.#before = windows === 1 ? this.#window : new Map();
    this.#window = new Map();
    this.#since += windows * WINDOW_MS;
  }

  #forget(counts: ReadonlyMap<string, number>): void {
    for (const [source, count] of counts) this.places?.release(source, count);
  }
}

/** Takes one of `source` away; false if there is none. */
function take(counts: Map<string, number>, source: string): boolean {
  const count = counts.get(source);
  if (count === undefined) return false;
  if (count > 1) counts.set(source, count - 1);
  else counts.delete(source);
  return true;
}
