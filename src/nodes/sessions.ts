import type { Capabilities, NodeText } from "../requests/records.ts";
import type { InvokeTarget } from "./invoke.ts";
import type { HostStats } from "./records.ts";

/** A node's connection as this layer uses it. */
export interface NodeSocket {
  readonly id: string;
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
  readonly pathEnv?: string;
  /**
   * Whether the node came with the owner's link for a node, which stands for the approval of its
   * first capabilities.
   */
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

/** Which connections are nodes'. The newest one of a node is the one that counts. */
export class NodeSessions {
  readonly #current = new Map<string, NodeSession>();
  readonly #byConnection = new Map<string, NodeSession>();

  /** Returns the session that this one took over from, if there was one. */
  join(session: NodeSession): NodeSession | undefined {
    const before = this.#current.get(session.nodeId);
    this.#current.set(session.nodeId, session);
    this.#byConnection.set(session.socket.id, session);
    return before;
  }

  /** Returns whether the node has no connection that counts any more. */
  leave(session: NodeSession): boolean {
    this.#byConnection.delete(session.socket.id);
    return this.isCurrent(session) && this.#current.delete(session.nodeId);
  }

  current(nodeId: string): NodeSession | undefined {
    return this.#current.get(nodeId);
  }

  isCurrent(session: NodeSession): boolean {
    return this.#current.get(session.nodeId) === session;
  }

  of(connId: string): NodeSession | undefined {
    return this.#byConnection.get(connId);
  }

  get all(): IterableIterator<NodeSession> {
    return this.#current.values();
  }

  get size(): number {
    return this.#current.size;
  }
}
