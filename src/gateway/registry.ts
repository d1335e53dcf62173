import type { Actor, Role } from "../protocol/access.ts";
import type { Close } from "../protocol/close.ts";
import type { Connection } from "./connection.ts";

/** Which connections are ready, whose they are, and which device waits on which connection. */
export class Registry {
  /** Who the ready ones were admitted as; theirs before they are told. */
  readonly #actors = new Map<Connection, Actor>();
  readonly #byDevice = new Map<string, Set<Connection>>();
  readonly #waiting = new Map<string, Connection>();
  readonly #roles: Record<Role, number> = { operator: 0, node: 0 };

  /** The ready connections. One may be deleted while they are gone through. */
  get ready(): IterableIterator<Connection> {
    return this.#actors.keys();
  }

  /** How many are ready. */
  get size(): number {
    return this.#actors.size;
  }

  add(connection: Connection, actor: Actor): void {
    this.#actors.set(connection, actor);
    this.#roles[actor.role] += 1;
    if (actor.deviceId === undefined) return;
    const set = this.#byDevice.get(actor.deviceId);
    if (set) set.add(connection);
    else this.#byDevice.set(actor.deviceId, new Set([connection]));
  }

  /** False if it was not among the ready ones. */
  delete(connection: Connection): boolean {
    const actor = this.#actors.get(connection);
    if (actor === undefined) return false;
    this.#actors.delete(connection);
    this.#roles[actor.role] -= 1;
    if (actor.deviceId === undefined) return true;
    const set = this.#byDevice.get(actor.deviceId);
    set?.delete(connection);
    if (set?.size === 0) this.#byDevice.delete(actor.deviceId);
    return true;
  }

  /** The ready connections of a device. */
  of(deviceId: string): Connection[] {
    return [...(this.#byDevice.get(deviceId) ?? [])];
  }

  /** Closes every ready connection whose actor `matches`; returns those. */
  closeWhere(matches: (actor: Actor) => boolean, close: Close): Connection[] {
    const hit = [...this.ready].filter(({ actor }) => actor !== undefined && matches(actor));
    for (const connection of hit) connection.close(close);
    return hit;
  }

  isConnected(deviceId: string): boolean {
    return this.#byDevice.has(deviceId);
  }

  byRole(): Record<Role, number> {
    return { ...this.#roles };
  }

  wait(connection: Connection, deviceId: string): void {
    this.#waiting.set(deviceId, connection);
  }

  unwait(connection: Connection, deviceId: string): void {
    if (this.#waiting.get(deviceId) === connection) this.#waiting.delete(deviceId);
  }

  waiting(deviceId: string): Connection | undefined {
    return this.#waiting.get(deviceId);
  }

  get allWaiting(): Connection[] {
    return [...this.#waiting.values()];
  }
}
