import type { Actor } from "../protocol/access.ts";

/** What one device takes, over all its connections; without a device, those of one address. */
export interface Share {
  readonly key: string;
  /** Ready connections. */
  sockets: number;
  /** Requests that run, and their characters. */
  inFlight: number;
  chars: number;
}

/** Whose share a connection from `source` takes from. */
export function shareKey({ deviceId }: Pick<Actor, "deviceId">, source: string): string {
  return deviceId ?? `at ${source}`;
}

/** The shares of those who have a ready connection. */
export class Shares {
  readonly #shares = new Map<string, Share>();

  /** How many ready connections `key` has. */
  sockets(key: string): number {
    return this.#shares.get(key)?.sockets ?? 0;
  }

  join(key: string): Share {
    let share = this.#shares.get(key);
    if (share === undefined) {
      share = { key, sockets: 0, inFlight: 0, chars: 0 };
      this.#shares.set(key, share);
    }
    share.sockets += 1;
    return share;
  }

  leave(share: Share): void {
    share.sockets -= 1;
    if (share.sockets === 0) this.#shares.delete(share.key);
  }
}
