import { requestsPart } from "./part.ts";
import {
  type ApprovalRequest,
  askerKey,
  askerOf,
  type DeviceRequest,
  type NodeRequest,
  type Replacement,
  type RequestsChange,
  type RequestsState,
  type Resolution,
} from "./records.ts";

/** A device's request as version 1 of `devices.json` has it. */
export type OldDeviceRequest = Omit<DeviceRequest, "kind" | "secretEpoch"> & {
  readonly under?: number;
};

/** A node's request as version 1 of `nodes.json` has it. */
export type OldNodeRequest = Omit<NodeRequest, "kind">;

/** What the journal of version 1 of `devices.json` says of requests. */
export type OldDeviceChange =
  | { readonly op: "pending"; readonly pending: OldDeviceRequest }
  | {
      readonly op: "pending-gone";
      readonly requestId: string;
      readonly why: Resolution;
      readonly replacement?: Replacement;
    };

/** What the journal of version 1 of `nodes.json` says of requests: of one that went, not why. */
export type OldNodeChange =
  | { readonly op: "request"; readonly request: OldNodeRequest }
  | {
      readonly op: "request-gone";
      readonly requestId: string;
      readonly replacement?: Replacement;
    };

/** A line of either snapshot about a code that was replaced. */
export interface OldReplaced {
  readonly replaced: string;
  readonly replacement: Replacement;
}

export function deviceRequestFromOld({ under, ...request }: OldDeviceRequest): DeviceRequest {
  return { ...request, kind: "device", ...(under !== undefined && { secretEpoch: under }) };
}

export function nodeRequestFromOld(request: OldNodeRequest): NodeRequest {
  return { ...request, kind: "node" };
}

/** A change of version 1's devices as the book has it. */
export function deviceChangeFromOld(change: OldDeviceChange): RequestsChange {
  if (change.op === "pending") {
    return { op: "request", request: deviceRequestFromOld(change.pending) };
  }
  return { ...change, op: "request-gone" };
}

/** A change of version 1's nodes as the book has it. A replay does not tell why a request went. */
export function nodeChangeFromOld(change: OldNodeChange): RequestsChange {
  if (change.op === "request")
    return { op: "request", request: nodeRequestFromOld(change.request) };
  return { ...change, why: change.replacement ? "superseded" : "approved" };
}

/**
 * One book out of the two ledgers of version 1. Of a device's requests the newest stays: an older one that
 * had expired may still have been there. Where a code stood in both ledgers it stays a device's: a node
 * asks again by itself.
 */
export function oneBook(devices: RequestsState, nodes: RequestsState): RequestsState {
  const book = requestsPart.empty();
  for (const ledger of [nodes, devices]) {
    for (const [code, one] of ledger.replaced) book.replaced.set(code, one);
  }
  for (const request of devices.requests.values()) addNewest(devices, request, book);
  for (const request of nodes.requests.values()) {
    if (!book.requests.has(request.requestId)) addNewest(nodes, request, book);
  }
  return book;
}

function addNewest(from: RequestsState, request: ApprovalRequest, book: RequestsState): void {
  const { requestId, kind } = request;
  if (from.byAsker.get(askerKey(kind, askerOf(request))) !== requestId) return;
  requestsPart.apply(book, { op: "request", request });
}
