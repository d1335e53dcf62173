import { createHash } from "node:crypto";
import { type Limits, limitValues } from "../../src/limits/table.ts";
import type { Actor } from "../../src/protocol/access.ts";
import * as book from "../../src/requests/book.ts";
import { emptyRequests, requestsPart } from "../../src/requests/part.ts";
import type {
  ApprovalRequest,
  DeviceRequest,
  NodeRequest,
  RequestsChange,
  RequestsState,
  Resolution,
} from "../../src/requests/records.ts";
import type { AccessAsk, BookContext, CapabilityAsk } from "../../src/requests/rules.ts";

export const READ = "operator.read";
export const WRITE = "operator.write";
export const NODES = "operator.nodes";
export const PAIRING = "operator.pairing";
export const ADMIN = "operator.admin";

export const text = { clientId: "test", clientMode: "test" } as const;
export const nodeText = { clientId: "node-host", clientMode: "node" } as const;

/** A caller that came in on its device token. */
export function confined(deviceId: string, scopes: readonly string[]): Actor {
  return { role: "operator", scopes, method: "device-token", deviceId };
}

export interface Gone<Request = ApprovalRequest> {
  readonly request: Request;
  readonly why: Resolution;
}

/** The book over one state, with a clock that only the test moves. */
export class BookBench {
  readonly state: RequestsState = emptyRequests();
  readonly limits: Limits;
  now = 1_000_000;
  nonces = 0;
  /** Devices that are connected. */
  readonly connected = new Set<string>();
  /** What {@link StrangerRules.pace} answers. */
  paceMs = 0;

  constructor(limits: Partial<Limits> = {}) {
    this.limits = limitValues(limits);
  }

  get context(): BookContext {
    const nonce = () => {
      this.nonces += 1;
      return createHash("sha256").update(String(this.nonces)).digest("hex").slice(0, 32);
    };
    const strangers = {
      isConnected: (deviceId: string) => this.connected.has(deviceId),
      pace: () => this.paceMs,
    };
    return { now: this.now, gatewayId: "gateway", limits: this.limits, nonce, strangers };
  }

  /** Applies changes; returns the requests that went by them, as everybody is told. */
  apply(changes: readonly RequestsChange[]): Gone[] {
    return changes.flatMap((change) => {
      const events = requestsPart.follows(this.state, change);
      requestsPart.apply(this.state, change);
      return events.flatMap((one) =>
        one.name === "resolved" ? [{ request: one.request, why: one.why }] : [],
      );
    });
  }

  device(deviceId: string, scopes: readonly string[], more: Partial<AccessAsk> = {}) {
    const asked: AccessAsk = {
      kind: "device",
      deviceId,
      publicKey: "key",
      role: "operator",
      scopes,
      text,
      source: "here",
      isRepair: false,
      ...more,
    };
    const outcome = book.ask(this.state, asked, this.context);
    const { verdict, request, changes } = outcome;
    const gone = this.apply(changes);
    this.now += 1;
    const retryAfterMs = "retryAfterMs" in outcome ? outcome.retryAfterMs : 0;
    return { verdict, request: request as DeviceRequest, changes, gone, retryAfterMs };
  }

  node(nodeId: string, commands: readonly string[], more: Partial<CapabilityAsk> = {}) {
    const asked: CapabilityAsk = {
      kind: "node",
      nodeId,
      pairing: "p1",
      capabilities: { caps: [], commands, permissions: {} },
      text: nodeText,
      covered: false,
      ...more,
    };
    const { verdict, request, changes } = book.ask(this.state, asked, this.context);
    const gone = this.apply(changes);
    this.now += 1;
    return { verdict, request: request as NodeRequest, changes, gone };
  }

  find(typed: string, facts: { denied?: string; ended?: Resolution } = {}): DeviceRequest {
    const { denied, ended } = facts;
    return book.find(this.state, typed, {
      kind: "device",
      now: this.now,
      denied,
      ended: () => ended,
    });
  }

  findNode(typed: string): NodeRequest {
    return book.find(this.state, typed, { kind: "node", now: this.now });
  }

  end(request: ApprovalRequest, why: Resolution): Gone[] {
    return this.apply([book.gone(request, why)]);
  }

  expire(): readonly ApprovalRequest[] {
    return this.apply(book.expire(this.state, this.now)).map(({ request }) => request);
  }
}
