import type { Timer, World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { KeyUse } from "../words/key-use.ts";
import type { NodeSession, NodeSessions } from "./sessions.ts";
import { keyUse } from "./sharing.ts";

/** A node whose key is used by more than one program, with its connections, oldest first. */
export interface SharedKey {
  readonly nodeId: string;
  readonly use: KeyUse;
  readonly sessions: readonly NodeSession[];
}

interface Deps {
  readonly world: Pick<World, "after" | "monotonic" | "now">;
  readonly limits: Pick<Limits, "nodeSettledMs" | "nodeSaidMs">;
  readonly sessions: NodeSessions;
  /** Told once in a while of each. */
  readonly found: (shared: SharedKey) => void;
}

/** Nodes are few that are remembered for their line in the log, but nothing else bounds them. */
const MOST_SAID = 1_000;

/**
 * Notices where one node's key is used twice. A program that lost its connection looks so for a while, so
 * what looks like that is looked at again when a dead connection would be gone.
 */
export class KeyWatch {
  readonly #timers = new Map<string, Timer>();
  /** Monotonic time of the last word about a node, by what was said. */
  readonly #said = new Map<string, number>();

  constructor(private readonly deps: Deps) {}

  /** Who uses the key of a node; `undefined` while it looks like one program. */
  use(nodeId: string): KeyUse | undefined {
    return this.#useOf(this.#sessions(nodeId));
  }

  #useOf(sessions: readonly NodeSession[]): KeyUse | undefined {
    const { world, limits } = this.deps;
    const settledAt = world.now() - limits.nodeSettledMs;
    let found: KeyUse | undefined;
    let older: NodeSession | undefined;
    for (const session of sessions) {
      const isSettled = session.connectedAtMs <= settledAt;
      const use = older && keyUse(older.facts.place, session.facts.place, isSettled);
      if (use === "machines") return use;
      found ??= use;
      older = session;
    }
    return found;
  }

  /** All nodes whose key is used twice, as far as that is sure. */
  *shared(): Generator<SharedKey> {
    for (const nodeId of this.deps.sessions.severalTimes) {
      const shared = this.#shared(nodeId);
      if (shared) yield shared;
    }
  }

  #shared(nodeId: string): SharedKey | undefined {
    const sessions = this.#sessions(nodeId);
    const use = this.#useOf(sessions);
    return use && { nodeId, use, sessions };
  }

  /** Oldest first: one that is passed over when another one serves again is about to be closed. */
  #sessions(nodeId: string): NodeSession[] {
    const { sessions } = this.deps;
    const current = sessions.current(nodeId);
    const all = current ? [...sessions.standbys(nodeId), current] : sessions.standbys(nodeId);
    return all.filter(({ socket }) => !socket.revoked);
  }

  /** A node has one more connection. */
  joined(nodeId: string): void {
    if (this.#look(nodeId) || this.#timers.has(nodeId)) return;
    const { world, limits } = this.deps;
    const later = world.after(limits.nodeSettledMs, () => {
      this.#timers.delete(nodeId);
      this.#look(nodeId);
    });
    this.#timers.set(nodeId, later);
  }

  /** A node has one less. */
  left(nodeId: string): void {
    if (this.deps.sessions.standbys(nodeId).length > 0) return;
    this.#timers.get(nodeId)?.cancel();
    this.#timers.delete(nodeId);
  }

  /** Returns whether the key is used twice, and says so. */
  #look(nodeId: string): boolean {
    const shared = this.#shared(nodeId);
    if (!shared) return false;
    const { world, limits, found } = this.deps;
    const key = `${shared.use} ${nodeId}`;
    const now = world.monotonic();
    const last = this.#said.get(key);
    if (last !== undefined && now - last < limits.nodeSaidMs) return true;
    if (this.#said.size >= MOST_SAID) this.#said.clear();
    this.#said.set(key, now);
    found(shared);
    return true;
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
