import { type Close, closes } from "../protocol/close.ts";
import type { Limits } from "../protocol/limits.ts";
import type { Connection } from "./connection.ts";

/** Connections of one kind by where they come from, oldest first. */
class Crowd {
  readonly #bySource = new Map<string, Set<Connection>>();
  size = 0;

  add(connection: Connection): void {
    const { source } = connection.socket.peer;
    const set = this.#bySource.get(source);
    if (set) set.add(connection);
    else this.#bySource.set(source, new Set([connection]));
    this.size += 1;
  }

  delete(connection: Connection): void {
    const { source } = connection.socket.peer;
    const set = this.#bySource.get(source);
    if (!set?.delete(connection)) return;
    this.size -= 1;
    if (set.size === 0) this.#bySource.delete(source);
  }

  from(source: string): number {
    return this.#bySource.get(source)?.size ?? 0;
  }

  oldestOf(source: string): Connection | undefined {
    const [first] = this.#bySource.get(source) ?? [];
    return first;
  }

  /** The oldest connection of the source that has most of them. */
  oldestOfLargest(): Connection | undefined {
    let largest: Set<Connection> | undefined;
    for (const set of this.#bySource.values()) {
      if (!largest || set.size > largest.size) largest = set;
    }
    const [first] = largest ?? [];
    return first;
  }
}

/**
 * Bounds connections that are not authenticated yet, in all and per source. Past a total the largest
 * source gives way, so a crowd from one place shuts nobody else out.
 */
export class SocketGate {
  readonly #unauthenticated = new Crowd();
  readonly #waiting = new Crowd();
  #total = 0;

  constructor(private readonly limits: Limits) {}

  /** Why a new socket from `source` is refused, or `undefined`. */
  refusal(source: string): { status: string; text: string; metric: string } | undefined {
    if (this.#total >= this.limits.connections) {
      return refused("Too many connections", "connections-refused");
    }
    if (this.#unauthenticated.from(source) >= this.limits.unauthenticatedPerAddress) {
      return refused("Too many unauthenticated sockets", "unauthenticated-refused");
    }
    return undefined;
  }

  /** Counts a new socket; evicts one when there are too many in all. */
  opened(connection: Connection): void {
    this.#total += 1;
    this.#unauthenticated.add(connection);
    if (this.#unauthenticated.size > this.limits.unauthenticatedSockets) {
      evict(this.#unauthenticated.oldestOfLargest(), closes.unauthenticatedEvicted);
    }
  }

  authenticated(connection: Connection): void {
    this.#unauthenticated.delete(connection);
  }

  /** Moves a connection to those that wait for approval. */
  waits(connection: Connection): void {
    this.#unauthenticated.delete(connection);
    const { source } = connection.socket.peer;
    if (this.#waiting.from(source) >= this.limits.waitingPerAddress) {
      evict(this.#waiting.oldestOf(source), closes.waitingEvicted);
    } else if (this.#waiting.size >= this.limits.waitingSockets) {
      evict(this.#waiting.oldestOfLargest(), closes.waitingEvicted);
    }
    this.#waiting.add(connection);
  }

  /** An approved connection goes through the handshake once more. */
  resumes(connection: Connection): void {
    this.#waiting.delete(connection);
    this.#unauthenticated.add(connection);
  }

  closed(connection: Connection): void {
    this.#total -= 1;
    this.#unauthenticated.delete(connection);
    this.#waiting.delete(connection);
  }

  get unauthenticated(): number {
    return this.#unauthenticated.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get total(): number {
    return this.#total;
  }
}

function refused(text: string, metric: string) {
  return { status: "503 Service Unavailable", text, metric };
}

function evict(connection: Connection | undefined, close: Close): void {
  connection?.close(close);
}
