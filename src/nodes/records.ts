import type { Capabilities, NodeText } from "../requests/records.ts";

/** Figures of a node's machine, as it sent them, with the gateway's own time of receipt. */
export interface HostStats {
  readonly cpuCount: number;
  readonly loadAverage?: readonly number[];
  readonly memoryTotalBytes: number;
  readonly memoryFreeBytes: number;
  readonly diskTotalBytes?: number;
  readonly diskAvailableBytes?: number;
  readonly updatedAtMs: number;
}

/**
 * A node that was here. It may do something only while `surface`, its approved capabilities, is
 * there.
 */
export interface NodeRecord extends NodeText {
  /** The device's id. */
  readonly nodeId: string;
  /**
   * Names the pairing this belongs to: a device that was removed or revoked and paired again is
   * another one, and has to have its capabilities approved again.
   */
  readonly pairing: string;
  readonly createdAtMs: number;
  /** The approved capabilities. */
  readonly surface?: Capabilities;
  readonly approvedAtMs?: number;
  readonly approvedVia?: "owner" | "bootstrap";
  readonly lastConnectedAtMs?: number;
  readonly lastDisconnectedAtMs?: number;
  readonly lastSeenAtMs?: number;
  readonly lastSeenReason?: string;
  readonly hostStats?: HostStats;
}

/** Something a node is to do when it comes. */
export interface WorkItem {
  readonly id: string;
  readonly type: string;
  readonly priority: "default" | "normal" | "high";
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/** A command that a node in the background could not run, kept until it is in the foreground. */
export interface QueuedAction {
  readonly id: string;
  readonly command: string;
  readonly paramsJSON: string | null;
  readonly enqueuedAtMs: number;
}

export interface NodeWork {
  /** Raised by every change. */
  readonly revision: number;
  readonly items: readonly WorkItem[];
  readonly actions: readonly QueuedAction[];
}

/** All about nodes but their requests (requests/). Values are immutable; only {@link applyChange} touches the maps. */
export interface NodesState {
  readonly nodes: Map<string, NodeRecord>;
  readonly work: Map<string, NodeWork>;
}

export type NodesChange =
  | { op: "node"; node: NodeRecord }
  | { op: "node-gone"; nodeId: string }
  | { op: "seen"; nodeId: string; facts: SeenFacts }
  | { op: "work"; nodeId: string; item: WorkItem }
  | { op: "action"; nodeId: string; action: QueuedAction }
  | { op: "work-gone"; nodeId: string; ids: readonly string[] };

/** Facts about a node that are no promise to a client; they are written lazily. */
export type SeenFacts = Partial<
  NodeText &
    Pick<
      NodeRecord,
      "lastConnectedAtMs" | "lastDisconnectedAtMs" | "lastSeenAtMs" | "lastSeenReason" | "hostStats"
    >
>;

export function emptyNodes(): NodesState {
  return { nodes: new Map(), work: new Map() };
}
