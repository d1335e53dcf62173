import type { Capabilities, NodeText } from "../requests/records.ts";
import type { InvokeTarget } from "./invoke.ts";
import type { HostStats } from "./records.ts";
import type { NodePlace } from "./sharing.ts";

/** A node's connection as this layer uses it. */
export interface NodeSocket {
  readonly id: string;
  /** Set where its device was ended: it is about to be closed. */
  readonly revoked?: boolean;
  send(text: string): void;
  isSlow(): boolean;
}

/** A node that connected. */
export interface JoinFacts {
  readonly nodeId: string;
  /** The pairing it came in under (see {@link NodeRecord.pairing}). */
  readonly pairing: string;
  readonly claims: Capabilities;
  readonly text: NodeText;
  readonly place: NodePlace;
  readonly pathEnv?: string;
  /** Whether it came with a link this time: a node's first capabilities need no approval then. */
  readonly invited: boolean;
}

/** When the person at a node was last active. */
export interface Activity {
  readonly lastActiveAtMs: number;
  readonly presenceUpdatedAtMs: number;
}

/** One connection of a node, with what it publishes while it lasts. */
export class NodeSession implements InvokeTarget {
  hostStats: HostStats | undefined;
  activity: Activity | undefined;
  skills: readonly unknown[] = [];
  tools: readonly unknown[] = [];
  /** Whether the node's request for approval is being written. */
  asking = false;
  /** Monotonic time of the last event of each kind about it. */
  readonly toldAt = new Map<string, number>();

  constructor(
    readonly socket: NodeSocket,
    readonly facts: JoinFacts,
    readonly connectedAtMs: number,
  ) {}

  get nodeId(): string {
    return this.facts.nodeId;
  }

  send(text: string): void {
    this.socket.send(text);
  }

  isSlow(): boolean {
    return this.socket.isSlow();
  }
}

const NONE: readonly NodeSession[] = [];

/**
 * Which connections are nodes'. Of several of one node the newest serves; the others stand by, and the
 * newest of those serves once it is gone.
 */
export class NodeSessions {
  readonly #current = new Map<string, NodeSession>();
  /** Those of a node that do not serve, oldest first; only of nodes that have any. */
  readonly #standbys = new Map<string, readonly NodeSession[]>();
  readonly #byConnection = new Map<string, NodeSession>();

  /** Returns the session that stands by from now on, if there was one that served. */
  join(session: NodeSession): NodeSession | undefined {
    const { nodeId } = session;
    const before = this.#current.get(nodeId);
    this.#current.set(nodeId, session);
    this.#byConnection.set(session.socket.id, session);
    if (before) this.#standbys.set(nodeId, [...this.standbys(nodeId), before]);
    return before;
  }

  /** Returns whether it served, and who does after it: none that is about to be closed. */
  leave(session: NodeSession): {
    readonly served: boolean;
    readonly next?: NodeSession | undefined;
  } {
    const { nodeId } = session;
    this.#byConnection.delete(session.socket.id);
    if (!this.isCurrent(session)) {
      this.#standBy(nodeId, (one) => one !== session);
      return { served: false };
    }
    const next = this.standbys(nodeId).findLast(({ socket }) => !socket.revoked);
    if (next === undefined) {
      this.#current.delete(nodeId);
      return { served: true };
    }
    this.#current.set(nodeId, next);
    this.#standBy(nodeId, (one) => one !== next);
    return { served: true, next };
  }

  #standBy(nodeId: string, stays: (session: NodeSession) => boolean): void {
    const left = this.standbys(nodeId).filter(stays);
    if (left.length > 0) this.#standbys.set(nodeId, left);
    else this.#standbys.delete(nodeId);
  }

  /** The one that serves. */
  current(nodeId: string): NodeSession | undefined {
    return this.#current.get(nodeId);
  }

  /** The others of a node, oldest first. */
  standbys(nodeId: string): readonly NodeSession[] {
    return this.#standbys.get(nodeId) ?? NONE;
  }

  isCurrent(session: NodeSession): boolean {
    return this.#current.get(session.nodeId) === session;
  }

  of(connId: string): NodeSession | undefined {
    return this.#byConnection.get(connId);
  }

  /** Those that serve, one a node. */
  get all(): IterableIterator<NodeSession> {
    return this.#current.values();
  }

  /** Nodes with more than one connection. */
  get severalTimes(): IterableIterator<string> {
    return this.#standbys.keys();
  }

  /** Nodes that are here. */
  get size(): number {
    return this.#current.size;
  }

  /** Connections that stand by. */
  get standing(): number {
    return this.#byConnection.size - this.#current.size;
  }
}
