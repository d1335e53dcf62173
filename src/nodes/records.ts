/** Capabilities that a node declares, or that were approved for it: sorted, without repeats. */
export interface Capabilities {
  readonly caps: readonly string[];
  readonly commands: readonly string[];
  readonly permissions: Readonly<Record<string, boolean>>;
}

/** What a node says about itself. Shown to people; of it, the platform chooses an allow-list. */
export interface NodeText {
  readonly displayName?: string;
  readonly platform?: string;
  readonly version?: string;
  readonly deviceFamily?: string;
  readonly modelIdentifier?: string;
  readonly clientId: string;
  readonly clientMode: string;
  readonly remoteIp?: string;
}

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

/** Declared capabilities that wait for approval. The id commits to the node and all of them. */
export interface CapabilityRequest extends NodeText, Capabilities {
  readonly requestId: string;
  /** Hex; drawn after the declaration arrived. */
  readonly nonce: string;
  readonly nodeId: string;
  readonly pairing: string;
  readonly ts: number;
}

/** Why a request is gone. `withdrawn`: the node no longer asks for more than it has. */
export type CapabilityResolution = "approved" | "rejected" | "superseded" | "withdrawn" | "evicted";

/** Where a superseded request went. */
export interface Replacement {
  readonly by: string;
  readonly asks: string;
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

/** All about nodes. Values are immutable; only {@link applyChange} touches the maps. */
export interface NodesState {
  readonly nodes: Map<string, NodeRecord>;
  readonly requests: Map<string, CapabilityRequest>;
  /** nodeId → requestId: a node has at most one request. */
  readonly requestOf: Map<string, string>;
  readonly replaced: Map<string, Replacement>;
  readonly work: Map<string, NodeWork>;
}

export type NodesChange =
  | { op: "node"; node: NodeRecord }
  | { op: "node-gone"; nodeId: string }
  | { op: "seen"; nodeId: string; facts: SeenFacts }
  | { op: "request"; request: CapabilityRequest }
  | {
      op: "request-gone";
      requestId: string;
      why: CapabilityResolution;
      replacement?: Replacement;
    }
  | { op: "work"; nodeId: string; item: WorkItem }
  | { op: "action"; nodeId: string; action: QueuedAction }
  | { op: "work-gone"; nodeId: string; ids: readonly string[] };

/** What follows from a change that is durable. */
export type NodesEvent =
  | { readonly name: "requested"; readonly request: CapabilityRequest }
  | {
      readonly name: "resolved";
      readonly request: CapabilityRequest;
      readonly why: CapabilityResolution;
    };

/** Facts about a node that are no promise to a client; they are written lazily. */
export type SeenFacts = Partial<
  NodeText &
    Pick<
      NodeRecord,
      "lastConnectedAtMs" | "lastDisconnectedAtMs" | "lastSeenAtMs" | "lastSeenReason" | "hostStats"
    >
>;

export function emptyNodes(): NodesState {
  return {
    nodes: new Map(),
    requests: new Map(),
    requestOf: new Map(),
    replaced: new Map(),
    work: new Map(),
  };
}
