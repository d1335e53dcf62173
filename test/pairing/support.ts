import type { Limits } from "../../src/limits/table.ts";
import { applyChange, emptyState } from "../../src/pairing/changes.ts";
import * as devices from "../../src/pairing/devices.ts";
import { redeem } from "../../src/pairing/invite.ts";
import { type Grant, approve as granting } from "../../src/pairing/ledger.ts";
import type { Device, Invite, PairingChange, PairingState } from "../../src/pairing/records.ts";
import type { Actor } from "../../src/protocol/access.ts";
import * as book from "../../src/requests/book.ts";
import type {
  ApprovalRequest,
  DeviceRequest,
  RequestsState,
  Resolution,
} from "../../src/requests/records.ts";
import type { AccessAsk } from "../../src/requests/rules.ts";
import { ADMIN, BookBench } from "../requests/support.ts";

export { ADMIN, confined, PAIRING, READ, text, WRITE } from "../requests/support.ts";

export const owner: Actor = { role: "operator", scopes: [ADMIN], method: "host" };

/** The pure ledger over one state, beside the book of requests, whose clock only the test moves. */
export class LedgerBench {
  readonly state: PairingState = emptyState();
  readonly #book: BookBench;

  constructor(limits: Partial<Limits> = {}) {
    this.#book = new BookBench(limits);
  }

  get requests(): RequestsState {
    return this.#book.state;
  }

  get limits(): Limits {
    return this.#book.limits;
  }

  get now(): number {
    return this.#book.now;
  }

  set now(ms: number) {
    this.#book.now = ms;
  }

  apply(changes: readonly PairingChange[]): void {
    for (const change of changes) applyChange(this.state, change);
  }

  request(deviceId: string, scopes: readonly string[], more: Partial<AccessAsk> = {}) {
    const isRepair = this.state.devices.has(deviceId);
    const { request } = this.#book.device(deviceId, scopes, { isRepair, ...more });
    if (!request) throw new Error("no request");
    return request;
  }

  find(typed: string, denied?: string): DeviceRequest {
    return this.#book.find(typed, denied === undefined ? {} : { denied });
  }

  /** The live request of a device. */
  asking(deviceId: string): DeviceRequest | undefined {
    return book.requestOf(this.requests, "device", { deviceId, now: this.now });
  }

  end(request: ApprovalRequest | undefined, why: Resolution): void {
    if (request) this.#book.end(request, why);
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
    this.#book.expire();
  }
}
