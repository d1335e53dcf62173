import type { RequestsRecord } from "./part.ts";
import {
  type ApprovalRequest,
  askerKey,
  askerOf,
  type DeviceRequest,
  type NodeRequest,
  type ReplacedCode,
  type Replacement,
} from "./records.ts";

/** A device's request as version 1 of `devices.json` has it. */
export type OldDeviceRequest = Omit<DeviceRequest, "kind" | "secretEpoch"> & {
  readonly under?: number;
};

/** A node's request as version 1 of `nodes.json` has it. */
export type OldNodeRequest = Omit<NodeRequest, "kind">;

/** The two ledgers of requests that were before there was one book. */
export interface OldRequests {
  readonly devices: {
    readonly pending: Iterable<OldDeviceRequest>;
    readonly replaced: Iterable<readonly [string, Replacement]>;
  };
  readonly nodes: {
    readonly requests: Iterable<OldNodeRequest>;
    readonly replaced: Iterable<readonly [string, Replacement]>;
  };
}

export function fromOldDeviceRequest({ under, ...request }: OldDeviceRequest): DeviceRequest {
  return { ...request, kind: "device", ...(under !== undefined && { secretEpoch: under }) };
}

export function fromOldNodeRequest(request: OldNodeRequest): NodeRequest {
  return { ...request, kind: "node" };
}

/**
 * The records of one book out of both ledgers. Of a device's requests the newest stays: an older one
 * that had expired may still have been there. Where a code stood in both ledgers it stays a device's:
 * a node asks again by itself.
 */
export function takeOver({ devices, nodes }: OldRequests): RequestsRecord[] {
  const byAsker = new Map<string, ApprovalRequest>();
  const add = (request: ApprovalRequest) => {
    const key = askerKey(request.kind, askerOf(request));
    byAsker.delete(key);
    byAsker.set(key, request);
  };
  for (const old of devices.pending) add(fromOldDeviceRequest(old));
  const taken = new Set([...byAsker.values()].map(({ requestId }) => requestId));
  for (const old of nodes.requests) if (!taken.has(old.requestId)) add(fromOldNodeRequest(old));
  const replaced = new Map<string, ReplacedCode>();
  for (const [code, one] of nodes.replaced) replaced.set(code, { kind: "node", ...one });
  for (const [code, one] of devices.replaced) replaced.set(code, { kind: "device", ...one });
  return [
    ...[...byAsker.values()].map((request) => ({ request })),
    ...[...replaced].map(([code, replacement]) => ({ replaced: code, replacement })),
  ];
}
