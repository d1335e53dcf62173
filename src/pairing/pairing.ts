import type { AuditedPart, Decisions } from "../audit/decisions.ts";
import { auditOf, deviceFacts } from "../audit/events.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { type Actor, ADMIN, covers, ownerScopes, type Role } from "../protocol/access.ts";
import { unknownCode } from "../protocol/errors.ts";
import type { Part } from "../store/parts.ts";
import type { Durability } from "../store/shape.ts";
import { mayManage } from "./authority.ts";
import { asItCounts, refuseWhileRevoking } from "./being-revoked.ts";
import { fromTheFuture, WatchedClock } from "./clock.ts";
import { DeadlineTimer } from "./deadline-timer.ts";
import * as devices from "./devices.ts";
import type { LastAdminGuard } from "./last-admin-guard.ts";
import * as ledger from "./ledger.ts";
import { Links } from "./links.ts";
import { MassRevocation } from "./mass-revocation.ts";
import {
  type Device,
  type EndedDevice,
  isOpen,
  nodePairing,
  type PairingChange,
  type PairingEvent,
  type PairingState,
  type Pending,
  type Resolution,
  type RevokingAll,
} from "./records.ts";
import { Revocation } from "./revocation.ts";

/** The owner on the gateway's machine, who holds every scope. */
export const hostOwner: Actor = { role: "operator", scopes: ownerScopes, method: "host" };

/** Told after a change is durable (or, for revocations on a full disk, in force). */
export interface PairingListener {
  requested?(pending: Pending): void;
  resolved?(pending: Pending, why: Resolution): void;
  renamed?(device: Device): void;
  /** The wall clock was set by so many milliseconds. */
  clockSet?(byMs: number): void;
  /** A limit refused something; `metric` is its counter. */
  refused?(metric: string): void;
  /** Nothing counts any more that devices send for which this is true; their ends follow. */
  ending?(is: (deviceId: string) => boolean): void;
  ended?(end: EndedDevice): void;
}

interface Deps {
  readonly document: Part<PairingState, PairingChange, PairingEvent>;
  readonly decisions: Decisions;
  readonly guard: LastAdminGuard;
  readonly world: World;
  readonly limits: Limits;
  readonly gatewayId: string;
  /** How many can let in a device with full control, besides devices. */
  readonly otherAdmins: () => number;
}

/**
 * Pairing as a service: pure functions decide on the working state, the document makes it durable and
 * says what follows, and only then is anybody told.
 */
export class Pairing {
  readonly #listeners = new Set<PairingListener>();
  readonly #resolutions = new Map<string, Resolution>();
  readonly #expiry: DeadlineTimer;
  readonly #clock: WatchedClock;
  readonly #stop: (() => void)[] = [];
  /** Decisions about devices. */
  readonly decisions: AuditedPart<PairingState, PairingChange>;
  readonly #revocation: Revocation;
  /** The ends of many devices at once. */
  readonly many: MassRevocation;
  readonly links: Links;

  constructor(private readonly deps: Deps) {
    const { document, world, guard, limits } = deps;
    this.#clock = new WatchedClock(world);
    this.decisions = deps.decisions.about(document);
    const now = () => this.now();
    const parts = { document, decisions: this.decisions, guard, now };
    this.#revocation = new Revocation(parts);
    this.many = new MassRevocation({ ...parts, ending: (revoking) => this.#ending(revoking) });
    this.links = new Links({ ...parts, world, limits });
    this.#expiry = new DeadlineTimer({ world, now, ring: () => this.#expire() });
    this.#stop.push(
      document.listen((event) => this.#follow(event)),
      deps.decisions.listen((metric) => this.#tell("refused", metric)),
    );
    const early = fromTheFuture(document.working, world.now());
    if (early.length > 0) document.later(early);
    this.#setExpiry();
  }

  /** Tells listeners what followed from a change that is durable now, whoever made it. */
  #follow(event: PairingEvent): void {
    switch (event.name) {
      case "requested":
        this.#setExpiry();
        this.#tell("requested", event.pending);
        return;
      case "resolved":
        this.#resolve(event.pending, event.why);
        return;
      case "renamed":
        this.#tell("renamed", event.device);
        return;
      case "ended":
        this.#tell("ended", event.end);
        return;
      case "ending":
        this.#ending(event.revoking);
        return;
      case "link":
        this.#setExpiry();
    }
  }

  /** What devices send counts no more, but for those that stay and the one that waits for an answer. */
  #ending({ keeps, last }: RevokingAll): void {
    const others = new Set(last === undefined ? keeps : [...keeps, last]);
    this.#tell("ending", (deviceId) => !others.has(deviceId));
  }

  /** The wall clock, by which requests and links end; when it was set, they are moved first. */
  now(): number {
    const by = this.#clock.setBy();
    if (by !== 0) this.#clockSet(by);
    return this.deps.world.now();
  }

  #clockSet(by: number): void {
    this.#expiry.moved(by);
    this.deps.document.later([{ op: "clock-set", by }]);
    this.#tell("clockSet", by);
  }

  listen(listener: PairingListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The durable record of a device, as far as it counts. */
  device(deviceId: string): Device | undefined {
    const { durable } = this.deps.document;
    return asItCounts(this.#working, durable.devices.get(deviceId));
  }

  /** The name of a device's pairing as a node, if it is paired as one. */
  nodePairing(deviceId: string): string | undefined {
    return nodePairing(this.device(deviceId));
  }

  /** The devices that are paired as nodes. */
  get nodeIds(): ReadonlySet<string> {
    return this.deps.document.durable.nodes;
  }

  /** The live request of a device. */
  pendingOf(deviceId: string): Pending | undefined {
    return ledger.pendingOf(this.#working, deviceId, this.now());
  }

  /**
   * Whether a request still waits (one of `deviceId`, if that is given), as far as anybody was told: a
   * decision counts once durable.
   */
  isPending(requestId: string, deviceId?: string): boolean {
    const pending = this.deps.document.durable.pending.get(requestId);
    if (!pending || (deviceId !== undefined && pending.deviceId !== deviceId)) return false;
    return pending.expiresAtMs > this.now();
  }

  /**
   * Resolves once what was decided about a device is durable; `undefined` when it is. Between the two
   * the device would ask for what it is just being given.
   */
  pendingDurability(deviceId: string): Promise<unknown> | undefined {
    const { durable, working } = this.deps.document;
    const decided = working.devices.get(deviceId);
    if (rightsOf(decided) === rightsOf(durable.devices.get(deviceId))) return undefined;
    // Nothing more: it resolves with what it is based on, or fails with it.
    return this.deps.document.commit([]);
  }

  /** How a request ended, if that was not long ago. */
  resolution(requestId: string): Resolution | undefined {
    return this.#resolutions.get(requestId);
  }

  /** Ways in with full control: paired devices, and others. */
  remainingAdmins(): { devices: number; others: number } {
    const { document, otherAdmins } = this.deps;
    return { devices: document.durable.admins.size, others: otherAdmins() };
  }

  counts(): { pending: number; devices: number; invites: number } {
    const { pending, devices: paired, invites: links } = this.deps.document.durable;
    const now = this.now();
    const open = [...links.values()].filter((invite) => isOpen(invite, now));
    return { pending: pending.size, devices: paired.size, invites: open.length };
  }

  /** Records that a device asks for approval and returns its request. */
  async request(ask: ledger.Ask): Promise<Pending> {
    const { document } = this.deps;
    const context = this.#context();
    const before = ledger.pendingOf(this.#working, ask.deviceId, context.now);
    const known = before && document.durable.pending.has(before.requestId);
    if (known) {
      const outcome = ledger.request(this.#working, ask, context);
      if (outcome.kind === "refreshed") {
        document.later(outcome.changes);
        return outcome.pending;
      }
    }
    const { answer } = await document.decide((state) => {
      const { changes, pending } = ledger.request(state, ask, context);
      return { changes, answer: pending };
    });
    return answer;
  }

  /** The live request that `typed` names, if `actor` may see it. @throws RequestError */
  show(typed: string, actor: Actor): Pending {
    const denied = "device pairing request denied";
    const pending = ledger.findPending(this.#working, typed, this.#lookup(actor, denied));
    if (!mayManage(actor, pending.deviceId)) throw unknownCode(denied);
    return pending;
  }

  /** Grants what a request asks for. @throws RequestError */
  async approve(typed: string, actor: Actor): Promise<{ pending: Pending; device: Device }> {
    const lookup = this.#lookup(actor, "device pairing approval denied");
    const { answer } = await this.decisions.decide((state) => {
      const pending = ledger.findPending(state, typed, lookup);
      refuseWhileRevoking(state);
      const { changes, device } = ledger.approve(state, pending, { actor, now: lookup.now });
      const { requestId, roles, scopes } = pending;
      const what = { request: requestId, ...deviceFacts(pending), roles, scopes };
      const event = auditOf("device.approved", actor, what);
      return { changes, event, answer: { pending, device } };
    });
    return answer;
  }

  /** Ends a request. It acts even when nothing can be written. @throws RequestError */
  async reject(typed: string, actor: Actor): Promise<{ pending: Pending } & Durability> {
    const lookup = this.#lookup(actor, "device pairing rejection denied");
    const { answer, durable, reason } = await this.decisions.decide((state) => {
      const pending = ledger.findPending(state, typed, lookup);
      const what = { request: pending.requestId, ...deviceFacts(pending) };
      const event = auditOf("device.rejected", actor, what);
      const changes = ledger.reject(pending, actor);
      this.deps.decisions.paced(event);
      return { changes, event, urgent: true, answer: pending };
    });
    return { pending: answer, durable, ...(reason !== undefined && { reason }) };
  }

  /** Gives a device the owner's own name for it. @throws RequestError */
  async rename(facts: { deviceId: string; label: string; actor: Actor }): Promise<Device> {
    const { answer } = await this.decisions.decide((state) => {
      const { device, changes } = devices.rename(state, facts);
      if (changes.length === 0) return { changes, answer: device };
      refuseWhileRevoking(state);
      const what = { ...deviceFacts(device), label: device.label };
      return { changes, event: auditOf("device.renamed", facts.actor, what), answer: device };
    });
    return answer;
  }

  remove(...ask: Parameters<Revocation["remove"]>) {
    return this.#revocation.remove(...ask);
  }

  rotate(ask: Parameters<Revocation["rotate"]>[0]) {
    return this.#revocation.rotate(ask);
  }

  revoke(ask: Parameters<Revocation["revoke"]>[0]) {
    return this.#revocation.revoke(ask);
  }

  revokeEvery(ask: Parameters<Revocation["revokeEvery"]>[0]) {
    return this.#revocation.revokeEvery(ask);
  }

  /**
   * Notes that a device was here and, in `tookToken`, that it holds the token of that role. Nobody
   * was promised either, so both are written lazily.
   */
  seen(deviceId: string, facts: { reason: string; tookToken?: Role | undefined }): void {
    const { tookToken: role, reason } = facts;
    const claimable = role && this.#working.devices.get(deviceId)?.tokens[role]?.claimable;
    this.deps.document.later([
      { op: "seen", deviceId, at: this.now(), reason, ...(claimable && { took: role }) },
    ]);
  }

  close(): void {
    this.#expiry.cancel();
    for (const stop of this.#stop) stop();
    this.#listeners.clear();
  }

  get #working(): PairingState {
    return this.deps.document.working;
  }

  #context(): ledger.LedgerContext {
    const { world, limits, gatewayId } = this.deps;
    return {
      now: this.now(),
      gatewayId,
      limits,
      nonce: () => world.bytes(16).toString("hex"),
    };
  }

  #lookup(actor: Actor, denied: string) {
    return {
      now: this.now(),
      denied,
      // An approver's key may list all requests anyway.
      isAdmin: actor.method === "ssh" || covers(actor.scopes, ADMIN),
      ended: (code: string) => this.#resolutions.get(code),
    };
  }

  #expire(): void {
    const { changes } = ledger.expire(this.#working, this.now());
    if (changes.length > 0) this.deps.document.later(changes);
    this.#setExpiry();
  }

  #setExpiry(): void {
    this.#expiry.set(ledger.nextExpiry(this.#working));
  }

  #resolve(pending: Pending, why: Resolution): void {
    this.#resolutions.set(pending.requestId, why);
    const [oldest] = this.#resolutions.keys();
    const full = this.#resolutions.size > this.deps.limits.replacedRequestsKept;
    if (full && oldest !== undefined) this.#resolutions.delete(oldest);
    this.#tell("resolved", pending, why);
  }

  #tell<Name extends keyof PairingListener>(
    name: Name,
    ...facts: Parameters<NonNullable<PairingListener[Name]>>
  ): void {
    for (const listener of this.#listeners) {
      const tell = listener[name] as ((...args: typeof facts) => void) | undefined;
      tell?.apply(listener, facts);
    }
  }
}

function rightsOf(device: Device | undefined): string {
  return device ? JSON.stringify([device.roles, device.scopes, device.tokens]) : "";
}
