import { createHash } from "node:crypto";
import { type Limits, limitValues } from "../../src/limits/table.ts";
import { applyChange, emptyState } from "../../src/pairing/changes.ts";
import * as devices from "../../src/pairing/devices.ts";
import { redeem } from "../../src/pairing/invite.ts";
import { type Grant, approve as granting } from "../../src/pairing/ledger.ts";
import type { Device, Invite, PairingChange, PairingState } from "../../src/pairing/records.ts";
import type { Actor } from "../../src/protocol/access.ts";
import * as book from "../../src/requests/book.ts";
import { emptyRequests, requestsPart } from "../../src/requests/part.ts";
import type {
  ApprovalRequest,
  DeviceRequest,
  RequestsChange,
  RequestsState,
} from "../../src/requests/records.ts";
import type { AccessAsk, BookContext } from "../../src/requests/rules.ts";

export const READ = "operator.read";
export const WRITE = "operator.write";
export const PAIRING = "operator.pairing";
export const ADMIN = "operator.admin";

export const owner: Actor = { role: "operator", scopes: [ADMIN], method: "host" };
export const text = { clientId: "test", clientMode: "test" } as const;

/** A caller that came in on its device token. */
export function confined(deviceId: string, scopes: readonly string[]): Actor {
  return { role: "operator", scopes, method: "device-token", deviceId };
}

/** The pure ledger over one state, with a clock that only the test moves. */
export class LedgerBench {
  readonly state: PairingState = emptyState();
  readonly requests: RequestsState = emptyRequests();
  readonly limits: Limits;
  now = 1_000_000;
  #nonces = 0;

  constructor(limits: Partial<Limits> = {}) {
    this.limits = limitValues(limits);
  }

  get context(): BookContext {
    const nonce = () => {
      this.#nonces += 1;
      return createHash("sha256").update(String(this.#nonces)).digest("hex").slice(0, 32);
    };
    return { now: this.now, gatewayId: "gateway", limits: this.limits, nonce };
  }

  apply(changes: readonly PairingChange[]): void {
    for (const change of changes) applyChange(this.state, change);
  }

  applyRequests(changes: readonly RequestsChange[]): void {
    for (const change of changes) requestsPart.apply(this.requests, change);
  }

  request(deviceId: string, scopes: readonly string[], more: Partial<AccessAsk> = {}) {
    const asked: AccessAsk = {
      kind: "device",
      deviceId,
      publicKey: "key",
      role: "operator",
      scopes,
      text,
      source: "here",
      isRepair: this.state.devices.has(deviceId),
      ...more,
    };
    const { request, changes } = book.ask(this.requests, asked, this.context);
    if (!request) throw new Error("no request");
    this.applyRequests(changes);
    this.now += 1;
    return request;
  }

  find(typed: string, denied?: string): DeviceRequest {
    return book.find(this.requests, typed, { kind: "device", now: this.now, denied });
  }

  /** The live request of a device. */
  asking(deviceId: string): DeviceRequest | undefined {
    return book.requestOf(this.requests, "device", { deviceId, now: this.now });
  }

  end(request: ApprovalRequest | undefined, why: "approved" | "rejected" | "superseded"): void {
    if (request) this.applyRequests([book.gone(request, why)]);
  }

  approve(typed: string, actor: Actor = owner): Device {
    const request = this.find(typed);
    const before = this.state.devices.get(request.deviceId);
    const { device, changes } = granting(before, request, { actor, now: this.now });
    this.end(request, "approved");
    this.apply(changes);
    return device;
  }

  /** Asks and approves in one step. */
  pair(deviceId: string, scopes: readonly string[], more: Partial<AccessAsk> = {}): Device {
    return this.approve(this.request(deviceId, scopes, more).requestId);
  }

  /** Removes a device, and its request. */
  remove(deviceId: string): void {
    this.apply(devices.remove(this.state, deviceId, owner).changes);
    this.end(this.asking(deviceId), "rejected");
  }

  /** Pairs a device by a link, which ends its request. */
  redeem(invite: Invite, asked: Grant) {
    const facts = { asked, now: this.now, asking: this.asking(asked.deviceId) };
    const redeemed = redeem(this.state, invite, facts);
    this.apply(redeemed.changes);
    const { closed } = redeemed;
    if (closed) this.end(closed.request, closed.why);
    return redeemed;
  }

  expire(): void {
    this.applyRequests(book.expire(this.requests, this.now));
  }
}
