import type { Timer, World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import {
  type AdmissionControl,
  type AdmissionRefusal,
  tooManyConnections,
  tooManyUnauthenticated,
} from "./admission.ts";

/** How often those who wait too long, and silent sockets in their way, are looked for. */
const LOOK_MS = 250;

/** A connection that was asked for and is not a WebSocket yet. Exactly one of the two is called. */
export interface PendingUpgrade {
  accept(): void;
  refuse(refusal: AdmissionRefusal): void;
}

interface Waiting {
  readonly upgrade: PendingUpgrade;
  readonly until: number;
}

/**
 * Connection requests that wait while all places of unauthenticated sockets are taken. Waiting
 * costs the gateway next to nothing: before the upgrade a client can send no frame. Sources take
 * turns, so a crowd from one source keeps no other waiting; every second turn is for sources from
 * which a paired device came before, so a crowd of sources doesn't keep those waiting either.
 */
export class UpgradeQueue {
  /** In the order of their turns. */
  readonly #bySource = new Map<string, Set<Waiting>>();
  /** Of these, those that were known when they came, in the order of their turns. */
  readonly #known = new Set<string>();
  #knownIsNext = true;
  #size = 0;
  #look: Timer | undefined;
  #soon: Timer | undefined;
  #closed: AdmissionRefusal | undefined;

  constructor(
    private readonly admission: AdmissionControl,
    private readonly limits: Limits,
    private readonly world: Pick<World, "after" | "every" | "monotonic">,
  ) {}

  get size(): number {
    return this.#size;
  }

  /** Accepts the upgrade, refuses, or keeps it waiting; returns how to leave. */
  request(source: string, upgrade: PendingUpgrade): () => void {
    const refusal = this.#closed ?? this.admission.refusal(source);
    // Where a crowd from there waits, those inside may be slow rather than silent: one more waits too.
    const crowd = refusal === tooManyUnauthenticated && this.#bySource.has(source);
    if (refusal && !crowd) {
      upgrade.refuse(refusal);
      return () => {};
    }
    if (!this.admission.hasRoom(source)) this.admission.makeRoom();
    if (!this.#bySource.has(source) && this.admission.hasRoom(source)) {
      upgrade.accept();
      return () => {};
    }
    return this.#wait(source, upgrade);
  }

  #wait(source: string, upgrade: PendingUpgrade): () => void {
    const room = Math.min(
      this.limits.upgradesWaiting,
      this.limits.connections - this.admission.total,
    );
    const own = this.#bySource.get(source)?.size ?? 0;
    const past = own >= this.limits.upgradesWaitingPerAddress;
    if (past || (this.#size >= room && !this.#turnAway(source))) {
      upgrade.refuse(tooManyConnections);
      return () => {};
    }
    this.admission.places.hold(source);
    const waiting = { upgrade, until: this.world.monotonic() + this.limits.handshakeMs };
    const set = this.#bySource.get(source);
    if (set) set.add(waiting);
    else this.#bySource.set(source, new Set([waiting]));
    if (this.admission.places.knows(source)) this.#known.add(source);
    this.#size += 1;
    this.#look ??= this.world.every(LOOK_MS, () => this.#lookAround());
    return () => this.#leave(source, waiting);
  }

  /** Refuses one of the source with most of them; false if that is `newcomer` itself. */
  #turnAway(newcomer: string): boolean {
    let largest = newcomer;
    let most = this.#bySource.get(newcomer)?.size ?? 0;
    for (const [source, { size }] of this.#bySource) {
      if (size <= most) continue;
      largest = source;
      most = size;
    }
    const [first] = this.#bySource.get(largest) ?? [];
    if (largest === newcomer || !first) return false;
    this.#leave(largest, first);
    first.upgrade.refuse(tooManyConnections);
    return true;
  }

  #leave(source: string, waiting: Waiting): void {
    const set = this.#bySource.get(source);
    if (!set?.delete(waiting)) return;
    this.#size -= 1;
    this.admission.places.release(source);
    if (set.size === 0) {
      this.#bySource.delete(source);
      this.#known.delete(source);
    }
    if (this.#size > 0) return;
    this.#look?.cancel();
    this.#look = undefined;
  }

  /** A place may have become free: whose turn it is comes in, in a moment, many at a time. */
  freed(): void {
    if (this.#size === 0 || this.#soon) return;
    this.#soon = this.world.after(0, () => {
      this.#soon = undefined;
      this.#admit();
    });
  }

  #admit(): void {
    while (!this.admission.isFull) {
      const known = this.#knownIsNext && this.#admitFrom(this.#known);
      this.#knownIsNext = !known;
      if (!known && !this.#admitFrom(this.#bySource.keys())) return;
    }
  }

  /** Lets in the first of these sources that has room; false if none has. */
  #admitFrom(sources: Iterable<string>): boolean {
    for (const source of sources) {
      const set = this.#bySource.get(source);
      const [first] = set ?? [];
      if (!set || !first || !this.admission.hasRoom(source)) continue;
      this.#leave(source, first);
      if (set.size > 0) this.#putBehind(source, set);
      first.upgrade.accept();
      return true;
    }
    return false;
  }

  /** A source has had its turn: it comes up once more behind the others. */
  #putBehind(source: string, set: Set<Waiting>): void {
    this.#bySource.delete(source);
    this.#bySource.set(source, set);
    if (this.#known.delete(source)) this.#known.add(source);
  }

  #lookAround(): void {
    const now = this.world.monotonic();
    for (const [source, set] of [...this.#bySource]) {
      const refusal = this.admission.refusal(source);
      for (const waiting of [...set]) {
        if (refusal !== tooManyConnections && waiting.until > now) break;
        this.#leave(source, waiting);
        waiting.upgrade.refuse(refusal ?? tooManyUnauthenticated);
      }
    }
    for (let left = this.#size; left > 0 && this.admission.makeRoom(); left -= 1) this.#admit();
  }

  /** Refuses all requests that wait, and all that still come. */
  close(refusal: AdmissionRefusal): void {
    this.#closed = refusal;
    this.#soon?.cancel();
    for (const [source, set] of [...this.#bySource]) {
      for (const waiting of [...set]) {
        this.#leave(source, waiting);
        waiting.upgrade.refuse(refusal);
      }
    }
  }
}
