import { createHash } from "node:crypto";
import { type Limits, limitValues } from "../../src/limits/table.ts";
import { applyChange, emptyState } from "../../src/pairing/changes.ts";
import * as ledger from "../../src/pairing/ledger.ts";
import type { Device, PairingChange, PairingState, Pending } from "../../src/pairing/records.ts";
import type { Actor } from "../../src/protocol/access.ts";

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
  readonly limits: Limits;
  now = 1_000_000;
  #nonces = 0;

  constructor(limits: Partial<Limits> = {}) {
    this.limits = limitValues(limits);
  }

  get context(): ledger.LedgerContext {
    const nonce = () => {
      this.#nonces += 1;
      return createHash("sha256").update(String(this.#nonces)).digest("hex").slice(0, 32);
    };
    return { now: this.now, gatewayId: "gateway", limits: this.limits, nonce };
  }

  apply(changes: readonly PairingChange[]): void {
    for (const change of changes) applyChange(this.state, change);
  }

  request(deviceId: string, scopes: readonly string[], more: Partial<ledger.Ask> = {}) {
    const ask = { deviceId, publicKey: "key", role: "operator", scopes, text, source: "here" };
    const outcome = ledger.request(this.state, { ...ask, ...more } as ledger.Ask, this.context);
    this.apply(outcome.changes);
    this.now += 1;
    return outcome;
  }

  find(typed: string, isAdmin = true): Pending {
    return ledger.findPending(this.state, typed, { now: this.now, denied: "denied", isAdmin });
  }

  approve(typed: string, actor: Actor = owner): Device {
    const { device, changes } = ledger.approve(this.state, this.find(typed), {
      actor,
      now: this.now,
    });
    this.apply(changes);
    return device;
  }

  /** Asks and approves in one step. */
  pair(deviceId: string, scopes: readonly string[], more: Partial<ledger.Ask> = {}): Device {
    return this.approve(this.request(deviceId, scopes, more).pending.requestId);
  }

  expire(): readonly Pending[] {
    const { gone, changes } = ledger.expire(this.state, this.now);
    this.apply(changes);
    return gone;
  }
}
