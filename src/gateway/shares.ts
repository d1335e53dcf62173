import type { Actor } from "../protocol/access.ts";

/** What one device takes, over all its connections; without a device, those of one address. */
export class Share {
  /** Ready connections. */
  sockets = 0;
  /** Requests that run, and their characters. */
  inFlight = 0;
  chars = 0;

  /** `emptied`: nothing is left of it. */
  constructor(
    readonly key: string,
    private readonly emptied: (share: Share) => void,
  ) {}

  /** A connection came or ended. */
  connected(change: 1 | -1): void {
    this.sockets += change;
    this.#look();
  }

  /** A request of so many characters runs from now on, or ran. */
  runs(change: 1 | -1, chars: number): void {
    this.inFlight += change;
    this.chars += change * chars;
    this.#look();
  }

  #look(): void {
    if (this.sockets === 0 && this.inFlight === 0) this.emptied(this);
  }
}

/** Whose share a connection from `source` takes from. */
export function shareKey({ deviceId }: Pick<Actor, "deviceId">, source: string): string {
  return deviceId ?? `at ${source}`;
}

/**
 * The shares of those who have a ready connection, or requests that still run: who hangs up and comes
 * again has no more of these than who stays.
 */
export class Shares {
  readonly #shares = new Map<string, Share>();
  /** One for all of them. */
  readonly #forget = ({ key }: Share): void => void this.#shares.delete(key);

  /** How many ready connections `key` has. */
  sockets(key: string): number {
    return this.#shares.get(key)?.sockets ?? 0;
  }

  join(key: string): Share {
    let share = this.#shares.get(key);
    if (share === undefined) {
      share = new Share(key, this.#forget);
      this.#shares.set(key, share);
    }
    share.connected(1);
    return share;
  }

  leave(share: Share): void {
    share.connected(-1);
  }
}
