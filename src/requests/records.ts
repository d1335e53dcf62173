import { sourceKey } from "../lib/net.ts";
import type { Role } from "../protocol/access.ts";
import type { ApprovalKind } from "../protocol/approve-line.ts";

/** What a device says about itself. Shown to people, never decided on. */
export interface DeviceText {
  readonly displayName?: string;
  readonly platform?: string;
  readonly deviceFamily?: string;
  readonly clientId: string;
  readonly clientMode: string;
  /** Kept where it gave no name: its program, such as `sample-app/2.1`. */
  readonly program?: string;
  readonly browserOrigin?: string;
  readonly remoteIp?: string;
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
  /** Kept where it gave no name: its program, such as `sample-app/2.1`. */
  readonly program?: string;
  readonly remoteIp?: string;
}

/** What a node declares that it can do, or may do: sorted, without repeats. */
export interface Capabilities {
  readonly caps: readonly string[];
  readonly commands: readonly string[];
  readonly permissions: Readonly<Record<string, boolean>>;
}

/** What every request has, of a device or of a node. */
interface RequestFacts {
  /** A short code over all that is asked for (words/code.ts): `7F3K-Q2MN`. */
  readonly requestId: string;
  /** 16 random bytes in hex, drawn after the request arrived, so that no key can be searched for that gets a given code. */
  readonly nonce: string;
  /** When it was made, wall clock, milliseconds. */
  readonly ts: number;
}

/** A device asks to be paired, or for more. Its id commits to `deviceId`, `roles`, `scopes` and `nonce`. */
export interface DeviceRequest extends RequestFacts, DeviceText {
  readonly kind: "device";
  /** SHA-256 of the public key, hex. */
  readonly deviceId: string;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  /** The role asked for last. */
  readonly role: Role;
  readonly roles: readonly Role[];
  readonly scopes: readonly string[];
  /** Those of `scopes` that the device did not ask for by name (protocol/nodes-right.ts); absent where there are none. */
  readonly offered?: readonly string[];
  /** What limits count by: an address or a network. */
  readonly source: string;
  /** The device was paired already when it asked. */
  readonly isRepair: boolean;
  /** Epoch of the shared secret that the device showed; absent where it asked without one. */
  readonly secretEpoch?: number;
  /** When it ends by itself, wall clock, milliseconds. */
  readonly expiresAtMs: number;
}

/** A paired node asks that its capabilities be approved. Its id commits to all of them. */
export interface NodeRequest extends RequestFacts, NodeText, Capabilities {
  readonly kind: "node";
  /** The id of the node's device. */
  readonly nodeId: string;
  /** Names the device's pairing as a node: another pairing of the same device is another node. */
  readonly pairing: string;
}

/** A request for approval. */
export type ApprovalRequest = DeviceRequest | NodeRequest;

/** The request of one kind. */
export type RequestOf<Kind extends ApprovalKind> = Extract<ApprovalRequest, { kind: Kind }>;

/**
 * Why a request is gone. Only devices' requests expire. `superseded`: the device asks for something
 * else, or came in by a link. `evicted`: too many ask. `withdrawn`: a node no longer asks for more
 * than it has.
 */
export type Resolution =
  | "approved"
  | "rejected"
  | "expired"
  | "superseded"
  | "evicted"
  | "withdrawn";

/** The request that took the place of another, and what it asks for in words. */
export interface Replacement {
  readonly by: string;
  readonly asks: string;
}

/** What a code answers that was replaced. */
export interface ReplacedCode extends Replacement {
  readonly kind: ApprovalKind;
}

/** All requests for approval. Values are immutable; only `applyChange` (part.ts) touches the maps. */
export interface RequestsState {
  /** By request id, in the order in which they were made. */
  readonly requests: Map<string, ApprovalRequest>;
  /** `askerKey` → request id: a device has at most one request of each kind. */
  readonly byAsker: Map<string, string>;
  /** By the id of the request that was replaced, oldest first; bounded per kind. */
  readonly replaced: Map<string, ReplacedCode>;
}

export type RequestsChange =
  | { readonly op: "request"; readonly request: ApprovalRequest }
  | {
      readonly op: "request-gone";
      readonly requestId: string;
      readonly why: Resolution;
      /** Only where `why` is `superseded` by a request of the same device. */
      readonly replacement?: Replacement;
    }
  /** The wall clock was set: the times of requests that end by themselves move by so many milliseconds. */
  | { readonly op: "clock-set"; readonly by: number };

/** The id of the device that asks. */
export function askerOf(request: ApprovalRequest): string {
  return request.kind === "node" ? request.nodeId : request.deviceId;
}

/** What limits count a request by: an address, a network or, where a node's is not known, the node. */
export function sourceOf(request: ApprovalRequest): string {
  if (request.kind === "device") return request.source;
  const { nodeId, remoteIp } = request;
  return remoteIp === undefined ? `node:${nodeId}` : sourceKey(remoteIp);
}

/** The key of {@link RequestsState.byAsker}. */
export function askerKey(kind: ApprovalKind, deviceId: string): string {
  return `${kind} ${deviceId}`;
}
