import type { AuditEvent } from "../audit/chain.ts";
import type { Beside } from "../audit/write-ahead.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { type Actor, ADMIN, covers, ownerScopes, type Role } from "../protocol/access.ts";
import { unknownCode } from "../protocol/errors.ts";
import type { Document, Durability } from "../store/shape.ts";
import { auditOf, deviceFacts } from "./audit.ts";
import { mayManage } from "./authority.ts";
import { fromTheFuture, movedBy, WatchedClock } from "./clock.ts";
import { AuditedCommits } from "./commits.ts";
import { DeadlineTimer } from "./deadline-timer.ts";
import * as devices from "./devices.ts";
import { LastAdminGuard } from "./last-admin-guard.ts";
import * as ledger from "./ledger.ts";
import { Links } from "./links.ts";
import { MassRevocation } from "./mass-revocation.ts";
import { DecisionPace } from "./pace.ts";
import {
  type Device,
  isOpen,
  nodePairing,
  type PairingChange,
  type PairingState,
  type Pending,
  type Resolution,
} from "./records.ts";
import { type EndedDevice, Revocation } from "./revocation.ts";

/** The owner on the gateway's machine, who holds every scope. */
export const hostOwner: Actor = { role: "operator", scopes: ownerScopes, method: "host" };

/** Told after a change is durable (or, for revocations on a full disk, in force). */
export interface PairingListener {
  requested?(pending: Pending): void;
  resolved?(pending: Pending, why: Resolution): void;
  renamed?(device: Device): void;
  /** The wall clock was set by so many milliseconds. */
  clockSet?(byMs: number): void;
  /** A line of the audit lies in the state. */
  audited?(): void;
  /** A limit refused something; `metric` is its counter. */
  refused?(metric: string): void;
  /** Nothing counts any more that devices send for which this is true; their ends follow. */
  ending?(is: (deviceId: string) => boolean): void;
  ended?(end: EndedDevice): void;
}

interface Deps {
  readonly document: Document<PairingState, PairingChange>;
  readonly world: World;
  readonly limits: Limits;
  readonly gatewayId: string;
  /** Ways in with full control that are no devices. */
  readonly otherWaysIn: () => number;
}

/**
 * Pairing as a service: the pure ledger decides, the document makes it durable, and only then is
 * anybody told.
 */
export class Pairing {
  readonly #listeners = new Set<PairingListener>();
  readonly #resolutions = new Map<string, Resolution>();
  readonly #expiry: DeadlineTimer;

  readonly #clock: WatchedClock;
  /** For what else is decided in this document. */
  readonly commits: AuditedCommits;
  readonly guard: LastAdminGuard;
  readonly #endings: Revocation;
  /** The ends of many devices at once. */
  readonly many: MassRevocation;
  readonly links: Links;

  constructor(private readonly deps: Deps) {
    const { document, world } = deps;
    this.#clock = new WatchedClock(world);
    this.commits = new AuditedCommits({
      ...deps,
      now: () => this.now(),
      told: () => this.#tell("audited"),
      pace: new DecisionPace(deps.limits, world, () => this.#tell("refused", "decisions-refused")),
    });
    this.guard = new LastAdminGuard(deps);
    const endings = {
      document,
      commits: this.commits,
      guard: this.guard,
      now: () => this.now(),
      resolved: (pending: Pending, why: Resolution) => this.#resolve(pending, why),
      ended: (end: EndedDevice) => this.#tell("ended", end),
      ending: (is: (deviceId: string) => boolean) => this.#tell("ending", is),
    };
    this.#endings = new Revocation(endings);
    this.many = new MassRevocation(endings);
    this.links = new Links({
      ...deps,
      ...endings,
      revokesAll: () => this.many.revokesAll,
      made: () => this.#setExpiry(),
    });
    this.#expiry = new DeadlineTimer({ world, now: () => this.now(), ring: () => this.#expire() });
    const early = fromTheFuture(document.working, world.now());
    if (early.length > 0) document.later(early);
    this.#setExpiry();
  }

  /** What is decided elsewhere, for the audit. Resolves with the line's number once it is durable. */
  note(event: AuditEvent, beside?: Beside): Promise<number> {
    return this.commits.note(event, beside);
  }

  /** The same for what must not be kept back by a full disk. */
  noteAnyway(event: AuditEvent, beside?: Beside): Promise<number> {
    return this.commits.noteAnyway(event, beside);
  }

  /** The wall clock, by which requests and links end; when it was set, they are moved first. */
  now(): number {
    const by = this.#clock.setBy();
    if (by !== 0) this.#clockSet(by);
    return this.deps.world.now();
  }

  #clockSet(by: number): void {
    this.#expiry.moved(by);
    const changes = movedBy(this.deps.document, by);
    if (changes.length > 0) this.deps.document.later(changes);
    this.#tell("clockSet", by);
  }

  listen(listener: PairingListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The durable record of a device, as far as it counts. */
  device(deviceId: string): Device | undefined {
    return this.many.asItCounts(this.deps.document.durable.devices.get(deviceId));
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
    // Said once more, because it is written behind the decision itself, or fails with it.
    const again: PairingChange = decided
      ? { op: "device", device: decided }
      : { op: "device-gone", deviceId };
    return this.deps.document.commit([again]);
  }

  /** How a request ended, if that was not long ago. */
  resolution(requestId: string): Resolution | undefined {
    return this.#resolutions.get(requestId);
  }

  /** Ways in with full control: paired devices, and others. */
  remainingAdmins(): { devices: number; others: number } {
    const { document, otherWaysIn } = this.deps;
    return { devices: document.durable.admins.size, others: otherWaysIn() };
  }

  counts(): { pending: number; devices: number; invites: number } {
    const { pending, devices: paired, invites: links } = this.deps.document.durable;
    const now = this.now();
    const open = [...links.values()].filter((invite) => isOpen(invite, now));
    return { pending: pending.size, devices: paired.size, invites: open.length };
  }

  /** Records that a device asks for approval and returns its request. */
  async request(ask: ledger.Ask): Promise<Pending> {
    const outcome = ledger.request(this.#working, ask, this.#context());
    const { requestId } = outcome.pending;
    if (outcome.kind === "refreshed" && this.deps.document.durable.pending.has(requestId)) {
      this.deps.document.later(outcome.changes);
      return outcome.pending;
    }
    await this.deps.document.commit(outcome.changes);
    this.#setExpiry();
    for (const { pending, why } of outcome.gone) this.#resolve(pending, why);
    if (outcome.kind === "new") this.#tell("requested", outcome.pending);
    return outcome.pending;
  }

  /** The live request that `typed` names, if `actor` may see it. */
  show(typed: string, actor: Actor): Pending {
    const denied = "device pairing request denied";
    const pending = this.#find(typed, actor, denied);
    if (!mayManage(actor, pending.deviceId)) throw unknownCode(denied);
    return pending;
  }

  async approve(typed: string, actor: Actor): Promise<{ pending: Pending; device: Device }> {
    const pending = this.#find(typed, actor, "device pairing approval denied");
    const now = this.now();
    const approval = ledger.approve(this.#working, pending, { actor, now });
    const { requestId, roles, scopes } = pending;
    const what = { request: requestId, ...deviceFacts(pending), roles, scopes };
    await this.commits.audited(approval.changes, auditOf("device.approved", actor, what));
    this.#resolve(pending, "approved");
    return approval;
  }

  async reject(typed: string, actor: Actor): Promise<{ pending: Pending } & Durability> {
    const pending = this.#find(typed, actor, "device pairing rejection denied");
    const what = { request: pending.requestId, ...deviceFacts(pending) };
    const event = auditOf("device.rejected", actor, what);
    const changes = ledger.reject(pending, actor);
    this.commits.paced(event);
    const outcome = await this.commits.urgent(changes, event);
    this.#resolve(pending, "rejected");
    return { pending, ...outcome };
  }

  async rename(facts: { deviceId: string; label: string; actor: Actor }): Promise<Device> {
    const { device, changes } = devices.rename(this.#working, facts);
    if (changes.length === 0) return this.#asNamed(device);
    const what = { ...deviceFacts(device), label: device.label };
    await this.commits.audited(changes, auditOf("device.renamed", facts.actor, what));
    this.#tell("renamed", device);
    return device;
  }

  /** It has that name already, or is just being given it: whoever asks again is answered no sooner. */
  async #asNamed(device: Device): Promise<Device> {
    const { document } = this.deps;
    const durable = document.durable.devices.get(device.deviceId);
    if (durable?.label !== device.label) await document.commit([{ op: "device", device }]);
    return device;
  }

  remove(...ask: Parameters<Revocation["remove"]>) {
    return this.#endings.remove(...ask);
  }

  rotate(ask: Parameters<Revocation["rotate"]>[0]) {
    return this.#endings.rotate(ask);
  }

  revoke(ask: Parameters<Revocation["revoke"]>[0]) {
    return this.#endings.revoke(ask);
  }

  revokeEvery(ask: Parameters<Revocation["revokeEvery"]>[0]) {
    return this.#endings.revokeEvery(ask);
  }

  /**
   * Notes that a device was here and, in `tookToken`, that it holds the token of that role. Nobody
   * was promised either, so both are written lazily.
   */
  seen(deviceId: string, facts: { reason: string; tookToken?: Role | undefined }): void {
    const { tookToken: role, reason } = facts;
    const pickup = role && this.#working.devices.get(deviceId)?.tokens[role]?.pickup;
    this.deps.document.later([
      { op: "seen", deviceId, at: this.now(), reason, ...(pickup && { took: role }) },
    ]);
  }

  close(): void {
    this.#expiry.cancel();
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

  #find(typed: string, actor: Actor, denied: string): Pending {
    // An approver's key may list all requests anyway.
    const isAdmin = actor.method === "ssh" || covers(actor.scopes, ADMIN);
    return ledger.findPending(this.#working, typed, {
      now: this.now(),
      denied,
      isAdmin,
      ended: (code) => this.#resolutions.get(code),
    });
  }

  #expire(): void {
    const { gone, changes } = ledger.expire(this.#working, this.now());
    if (changes.length > 0) this.deps.document.later(changes);
    for (const pending of gone) this.#resolve(pending, "expired");
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
