import { BySource } from "../lib/by-source.ts";
import { giveWay, type PlaceBounds } from "../lib/give-way.ts";
import type { Limits } from "../limits/table.ts";
import { closes } from "../protocol/close.ts";
import type { Connection } from "./connection.ts";
import { Places } from "./places.ts";

/** An HTTP answer in place of a connection. */
export interface AdmissionRefusal {
  readonly status: string;
  readonly text: string;
  readonly metric: string;
}

export const tooManyConnections = refused("Too many connections", "connections-refused");
export const tooManyUnauthenticated = refused(
  "Too many unauthenticated sockets",
  "unauthenticated-refused",
);

/**
 * Bounds connections that are not authenticated yet, in all and per source. After a restart all
 * clients come at once, perhaps from one address: so only sockets that stayed silent for a moment
 * count against their source, and only those give way, the largest source's first.
 */
export class AdmissionControl {
  readonly #unauthenticated = new BySource(sourceOf);
  readonly #waiting = new BySource(sourceOf);
  /** All sockets, of which these connections are a part. */
  readonly places: Places;
  /** Sockets before hello-ok that one source may have while others want places. */
  readonly #share: number;
  readonly #waitingBounds: PlaceBounds;

  constructor(
    private readonly limits: Limits,
    private readonly now: () => number,
  ) {
    this.places = new Places(limits);
    const { unauthenticatedSockets, waitingSockets: all } = limits;
    this.#share = shareOf(unauthenticatedSockets, limits.unauthenticatedPerAddress);
    const perSource = shareOf(all, limits.waitingPerAddress);
    this.#waitingBounds = { all, perSource, perPrefix: shareOf(all, limits.pendingPerPrefix) };
  }

  /** Why a new socket from `source` is refused, or `undefined`. */
  refusal(source: string): AdmissionRefusal | undefined {
    if (!this.places.hasRoom(source)) return tooManyConnections;
    const now = this.now();
    let silent = 0;
    for (const connection of this.#unauthenticated.of(source)) {
      // Oldest first: behind a socket that still has time, all have time.
      if (!this.#isLate(connection, now)) break;
      if (connection.state.name === "challenged") silent += 1;
      if (silent >= this.#share) return tooManyUnauthenticated;
    }
    return undefined;
  }

  /** Whether a socket from `source` may be opened now. Past its share it leaves half to others. */
  hasRoom(source: string): boolean {
    if (this.isFull) return false;
    if (this.#unauthenticated.from(source) < this.#share) return true;
    return this.#unauthenticated.size < this.limits.unauthenticatedSockets / 2;
  }

  /** Whether no socket from anywhere may be opened now. */
  get isFull(): boolean {
    return this.#unauthenticated.size >= this.limits.unauthenticatedSockets;
  }

  /**
   * Makes room where all is taken: a silent socket of the largest source gives way. False if there
   * was no need, or none is silent.
   */
  makeRoom(): boolean {
    if (!this.isFull) return false;
    const now = this.now();
    const oldest = this.#unauthenticated.inLargest((from) => this.#oldestSilent(from, now));
    oldest?.close(closes.unauthenticatedEvicted);
    return oldest !== undefined;
  }

  /** Of connections, oldest first, the first that is silent; what is being decided stands in no way. */
  #oldestSilent(from: Iterable<Connection>, now: number): Connection | undefined {
    for (const connection of from) {
      if (!this.#isLate(connection, now)) return undefined;
      if (connection.state.name === "challenged") return connection;
    }
    return undefined;
  }

  /**
   * Whether the socket had its time for a first frame (`unauthenticatedGraceMs`) since the
   * challenge.
   */
  #isLate({ challengedAt }: Connection, now: number): boolean {
    return now - challengedAt >= this.limits.unauthenticatedGraceMs;
  }

  opened(connection: Connection): void {
    this.places.connected(1);
    this.places.hold(sourceOf(connection));
    this.#unauthenticated.add(connection);
  }

  authenticated(connection: Connection): void {
    if (this.#unauthenticated.delete(connection)) {
      this.places.release(sourceOf(connection));
    }
  }

  /**
   * Moves a connection to those that wait for approval. Past what may wait one of a crowd is closed, or
   * else the connection itself: who waits is not pushed out by who comes later.
   */
  waits(connection: Connection): void {
    const way = this.#wayFor(connection);
    if (way === "turn-away") return connection.close(closes.waitingEvicted);
    this.#unauthenticated.delete(connection);
    if (way !== "fits") way.goes.connection.close(closes.waitingEvicted);
    this.#waiting.add(connection);
  }

  #wayFor(newcomer: Connection) {
    const { all, perSource } = this.#waitingBounds;
    if (this.#waiting.size < Math.min(all, perSource)) return "fits";
    const places = [...this.#waiting.all()].map((connection) => ({
      connection,
      source: sourceOf(connection),
      since: connection.challengedAt,
      isThere: true,
    }));
    return giveWay(places, sourceOf(newcomer), this.#waitingBounds);
  }

  /** An approved connection goes through the handshake once more. */
  resumes(connection: Connection): void {
    this.#waiting.delete(connection);
    this.#unauthenticated.add(connection);
  }

  closed(connection: Connection): void {
    this.places.connected(-1);
    const unauthenticated = this.#unauthenticated.delete(connection);
    if (this.#waiting.delete(connection) || unauthenticated) {
      this.places.release(sourceOf(connection));
    }
  }

  get unauthenticated(): number {
    return this.#unauthenticated.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get total(): number {
    return this.places.connections;
  }
}

function sourceOf({ socket }: Connection): string {
  return socket.peer.source;
}

/** What one address or network may have of so many places: half of them at most, and one at least. */
function shareOf(places: number, most: number): number {
  return Math.min(most, Math.max(1, Math.floor(places / 2)));
}

function refused(text: string, metric: string): AdmissionRefusal {
  return { status: "503 Service Unavailable", text, metric };
}
