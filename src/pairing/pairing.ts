import type { AuditedPart, Decisions } from "../audit/decisions.ts";
import { auditOf, deviceFacts, requestFacts } from "../audit/events.ts";
import { Listeners } from "../lib/listeners.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { type Actor, type LeftOut, ownerScopes, type Role } from "../protocol/access.ts";
import { offeredScopes } from "../protocol/nodes-right.ts";
import * as book from "../requests/book.ts";
import type { RequestEvent } from "../requests/part.ts";
import type { DeviceRequest, RequestsChange, RequestsState } from "../requests/records.ts";
import type { AccessAsk } from "../requests/rules.ts";
import type { Part } from "../store/parts.ts";
import { heldScopes } from "./authority.ts";
import { asItCounts, refuseWhileRevoking } from "./being-revoked.ts";
import { fromTheFuture, WatchedClock } from "./clock.ts";
import { DeadlineTimer } from "./deadline-timer.ts";
import * as devices from "./devices.ts";
import type { LastAdminGuard } from "./last-admin-guard.ts";
import { lastSources } from "./last-sources.ts";
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
  type RevokingAll,
} from "./records.ts";
import { Requests } from "./requests.ts";
import { Revocation } from "./revocation.ts";

/** When expired requests and links that could not be noted so are looked at again, in milliseconds. */
const EXPIRE_AGAIN_MS = 1_000;

/** The owner on the gateway's machine, who holds every scope. */
export const hostOwner: Actor = { role: "operator", scopes: ownerScopes, method: "host" };

/** Told after a change is durable (or, for revocations on a full disk, in force). */
export interface PairingListener {
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
  /** Requests for approval, of devices and of nodes. */
  readonly requests: Part<RequestsState, RequestsChange, RequestEvent>;
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
 * says what follows, and only then are listeners told.
 */
export class Pairing {
  readonly #listeners = new Listeners<PairingListener>();
  readonly #expiry: DeadlineTimer;
  readonly #clock: WatchedClock;
  readonly #stop: (() => void)[] = [];
  /** Decisions about devices. */
  readonly decisions: AuditedPart<PairingState, PairingChange>;
  readonly #revocation: Revocation;
  /** The ends of many devices at once. */
  readonly many: MassRevocation;
  readonly links: Links;
  readonly requests: Requests;

  constructor(private readonly deps: Deps) {
    const { document, requests, world, guard, limits } = deps;
    this.#clock = new WatchedClock(world);
    this.decisions = deps.decisions.about(document);
    const now = () => this.now();
    const refused = (metric: string) => this.#listeners.tell("refused", metric);
    this.requests = new Requests({ ...deps, now, refused });
    const requestDecisions = this.requests.decisions;
    const parts = { document, requests, requestDecisions, decisions: this.decisions, guard, now };
    this.#revocation = new Revocation(parts);
    this.many = new MassRevocation({ ...parts, ending: (revoking) => this.#ending(revoking) });
    this.links = new Links({ ...parts, world, limits });
    this.#expiry = new DeadlineTimer({ world, now, due: () => this.#expire() });
    this.#stop.push(
      document.listen((event) => this.#follow(event)),
      requests.listen(({ name }) => {
        if (name === "requested") this.#setExpiry();
      }),
      deps.decisions.listen(refused),
    );
    const early = fromTheFuture(document.working, world.now());
    if (early.length > 0) document.later(early);
    const asked = book.fromTheFuture(requests.working, world.now());
    if (asked.length > 0) requests.later(asked);
    this.#setExpiry();
  }

  /** Tells listeners what followed from a change that is durable now. */
  #follow(event: PairingEvent): void {
    switch (event.name) {
      case "renamed":
        this.#listeners.tell("renamed", event.device);
        return;
      case "ended":
        this.#listeners.tell("ended", event.end);
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
    this.#listeners.tell("ending", (deviceId) => !others.has(deviceId));
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
    this.deps.requests.later([{ op: "clock-set", by }]);
    this.#listeners.tell("clockSet", by);
  }

  listen(listener: PairingListener): () => void {
    return this.#listeners.add(listener);
  }

  /** The durable record of a device, as far as it counts. */
  device(deviceId: string): Device | undefined {
    const { document } = this.deps;
    return asItCounts(document, document.durable.devices.get(deviceId));
  }

  /** The name of a device's pairing as a node, if it is paired as one. */
  nodePairing(deviceId: string): string | undefined {
    return nodePairing(this.device(deviceId));
  }

  /** The sources that paired devices came from, at most so many, the latest last. */
  lastSources(most: number): string[] {
    return lastSources(this.deps.document.durable.devices.values(), most);
  }

  /** The devices that are paired as nodes. */
  get nodeIds(): ReadonlySet<string> {
    return this.deps.document.durable.nodes;
  }

  /** The live request of a device, as far as it is decided. */
  pendingOf(deviceId: string): DeviceRequest | undefined {
    const { requests } = this.deps;
    return book.requestOf(requests.working, "device", { deviceId, now: this.now() });
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

  /** Ways in with full control: paired devices, and others. */
  remainingAdmins(): { devices: number; others: number } {
    const { document, otherAdmins } = this.deps;
    return { devices: document.durable.admins.size, others: otherAdmins() };
  }

  counts(): { pending: number; devices: number; invites: number } {
    const { devices: paired, invites: links } = this.deps.document.durable;
    const now = this.now();
    const open = [...links.values()].filter((invite) => isOpen(invite, now));
    const pending = this.requests.all("device").length;
    return { pending, devices: paired.size, invites: open.length };
  }

  /** Records that a device asks for approval and returns its request. @throws StoreError, RequestError */
  request(ask: Omit<AccessAsk, "kind" | "isRepair" | "offered">): Promise<DeviceRequest> {
    const before = this.#working.devices.get(ask.deviceId);
    const offered = offeredScopes(ask.scopes, heldScopes(before));
    return this.requests.ask({ ...ask, offered, kind: "device", isRepair: before !== undefined });
  }

  /** Grants what a device's request asks for, but for what is left out. @throws RequestError */
  async approve(
    typed: string,
    actor: Actor,
    without?: readonly LeftOut[],
  ): Promise<{ request: DeviceRequest; device: Device }> {
    const { document } = this.deps;
    const lookup = this.requests.lookup("device", actor, "approval");
    const { answer } = await this.requests.decisions.decide((state) => {
      const request = book.find(state, typed, lookup);
      refuseWhileRevoking(document.working);
      const before = document.working.devices.get(request.deviceId);
      const facts = { actor, now: lookup.now, without };
      const { changes, device, scopes } = ledger.approve(before, request, facts);
      const { roles } = request;
      const what = { ...requestFacts(request), roles, scopes, without };
      return {
        changes: [book.gone(request, "approved")],
        also: [document.also(changes)],
        event: auditOf("device.approved", actor, what),
        answer: { request, device },
      };
    });
    return answer;
  }

  /** Gives a device the owner's own name for it. @throws RequestError */
  async rename(facts: { deviceId: string; label: string; actor: Actor }): Promise<Device> {
    const { answer } = await this.decisions.decide((state) => {
      const { device, changes } = devices.rename(state, facts);
      const { label } = this.deps.document.durable.devices.get(device.deviceId) ?? {};
      const settled = label === device.label;
      if (changes.length === 0) return { changes, settled, answer: device };
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
   * Notes that a device was here and, in `tookToken`, that it holds the token of that role. Neither was promised, so both are written lazily.
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
    this.requests.close();
    for (const stop of this.#stop) stop();
    this.#listeners.clear();
  }

  get #working(): PairingState {
    return this.deps.document.working;
  }

  #expire(): void {
    const { document, requests } = this.deps;
    const now = this.now();
    const links = ledger.expire(document.working, now);
    if (links.length > 0) document.later(links);
    const asked = book.expire(requests.working, now);
    if (asked.length > 0) requests.later(asked);
    // What found no room to be kept is over all the same, and is looked at again in a while.
    const left =
      book.expire(requests.working, now).length + ledger.expire(document.working, now).length;
    if (left > 0) this.#expiry.set(now + EXPIRE_AGAIN_MS);
    else this.#setExpiry();
  }

  #setExpiry(): void {
    const { document, requests } = this.deps;
    const ends = [ledger.nextExpiry(document.working), book.nextExpiry(requests.working)];
    const known = ends.filter((at) => at !== undefined);
    this.#expiry.set(known.length > 0 ? Math.min(...known) : undefined);
  }
}

function rightsOf(device: Device | undefined): string {
  return device ? JSON.stringify([device.roles, device.scopes, device.tokens]) : "";
}
