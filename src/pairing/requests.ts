import { type AuditedPart, type Decisions, durabilityOf } from "../audit/decisions.ts";
import { auditOf, requestFacts } from "../audit/events.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { type Actor, ADMIN, covers } from "../protocol/access.ts";
import type { ApprovalKind } from "../protocol/approve-line.ts";
import type { RequestError } from "../protocol/errors.ts";
import { type Act, accessProblem, deniedWords, mayManage } from "../requests/authority.ts";
import * as book from "../requests/book.ts";
import { pairingBusy } from "../requests/busy.ts";
import { isThere } from "../requests/device-rules.ts";
import { RequestPace } from "../requests/pace.ts";
import type { RequestEvent } from "../requests/part.ts";
import {
  type ApprovalRequest,
  askerOf,
  type DeviceRequest,
  type RequestOf,
  type RequestsChange,
  type RequestsState,
  type Resolution,
} from "../requests/records.ts";
import type { AccessAsk, StrangerRules } from "../requests/rules.ts";
import type { Part } from "../store/parts.ts";
import type { Durability } from "../store/shape.ts";

interface Deps {
  readonly requests: Part<RequestsState, RequestsChange, RequestEvent>;
  readonly decisions: Decisions;
  readonly world: World;
  readonly limits: Limits;
  readonly gatewayId: string;
  /** The wall clock, milliseconds. */
  readonly now: () => number;
  /** A limit refused something; `metric` is its counter. */
  readonly refused: (metric: string) => void;
}

/** How a device's request ended. */
interface Ended {
  readonly deviceId: string;
  readonly why: Resolution;
}

/**
 * The requests of devices and nodes as a service: what waits, which of it a code names, and its end without
 * an approval. What an approval grants is decided where rights are known: pairing.ts, nodes/nodes.ts.
 */
export class Requests {
  /** Decisions about requests. */
  readonly decisions: AuditedPart<RequestsState, RequestsChange>;
  readonly #resolutions = new Map<string, Ended>();
  readonly #pace: RequestPace;
  readonly #startedAt: number;
  #isConnected = (_deviceId: string): boolean => false;
  /** When a device that has a request hung up last, monotonic milliseconds. */
  readonly #leftAt = new Map<string, number>();
  readonly #stop: () => void;

  constructor(private readonly deps: Deps) {
    this.decisions = deps.decisions.about(deps.requests);
    this.#startedAt = deps.world.monotonic();
    this.#pace = new RequestPace(deps.limits, () => deps.world.monotonic());
    this.#stop = this.listen((event) => {
      // Only of devices: nodes that ask for ever more must not make what became of these forgotten.
      if (event.name !== "resolved" || event.request.kind !== "device") return;
      this.#leftAt.delete(event.request.deviceId);
      if (event.why === "approved") this.#pace.giveBack(event.request);
      this.#remember(event.request, event.why);
    });
  }

  /** Says which devices are connected from now on, waiting for their approval or paired already. */
  connectedBy(isConnected: (deviceId: string) => boolean): void {
    this.#isConnected = isConnected;
  }

  /** A device that waited hung up, as one does whose network changes: it has a while to come back. */
  left(deviceId: string): void {
    if (this.of("device", deviceId)) this.#leftAt.set(deviceId, this.deps.world.monotonic());
  }

  /** Whether the device that made a request waits, as far as is known; a node that asks is paired. */
  isThere(request: ApprovalRequest): boolean {
    return request.kind === "node" || isThere(request, this.#context());
  }

  /** Whether a device is connected, or had no time yet to come back. */
  #counts(deviceId: string): boolean {
    const { world, limits } = this.deps;
    // After a start no device is connected at first.
    const since = this.#leftAt.get(deviceId) ?? this.#startedAt;
    return world.monotonic() - since < limits.requestGraceMs || this.#isConnected(deviceId);
  }

  /** Tells of each request that is durable, and of its end. Returns how to stop. */
  listen(listener: (event: RequestEvent) => void): () => void {
    return this.deps.requests.listen(listener);
  }

  /** The durable request of a device, if it has one of that kind. */
  of<Kind extends ApprovalKind>(kind: Kind, deviceId: string): RequestOf<Kind> | undefined {
    return book.requestOf(this.deps.requests.durable, kind, { deviceId, now: this.deps.now() });
  }

  /** The durable requests of a kind, oldest first, those that just expired among them. */
  all<Kind extends ApprovalKind>(kind: Kind): RequestOf<Kind>[] {
    return book.requestsOf(this.deps.requests.durable, kind);
  }

  /** The live requests that `actor` may see, oldest first. */
  seenBy(actor: Actor): ApprovalRequest[] {
    const now = this.deps.now();
    return [...this.deps.requests.durable.requests.values()].filter(
      (request) => book.isLive(request, now) && mayManage(actor, askerOf(request)),
    );
  }

  /**
   * Whether a device's request still waits (one of `deviceId`, if that is given), by the durable state: a decision counts once durable.
   */
  isPending(requestId: string, deviceId?: string): boolean {
    const request = this.deps.requests.durable.requests.get(requestId);
    if (request?.kind !== "device") return false;
    if (deviceId !== undefined && request.deviceId !== deviceId) return false;
    return book.isLive(request, this.deps.now());
  }

  /** How a request of that device ended, if that was not long ago. Of others' it says nothing. */
  resolution(requestId: string, deviceId: string): Resolution | undefined {
    const ended = this.#resolutions.get(requestId);
    return ended?.deviceId === deviceId ? ended.why : undefined;
  }

  /** What the code that was typed stands for, or stood for; a device's where nothing is known of it. */
  kindOf(typed: string): ApprovalKind {
    return book.kindOfCode(this.deps.requests.working, typed) ?? "device";
  }

  /**
   * Records what a device asks for and returns its request, once that is durable.
   * @throws StoreError, RequestError PAIRING_BUSY where too many ask
   */
  async ask(asked: AccessAsk): Promise<RequestOf<"device">> {
    const { requests } = this.deps;
    const context = this.#context();
    const { deviceId } = asked;
    const { now } = context;
    const before = book.requestOf(requests.working, "device", { deviceId, now });
    if (before && requests.durable.requests.has(before.requestId)) {
      // Counted below, should it be a new one.
      const outcome = book.ask(requests.working, asked, { ...context, strangers: undefined });
      if (outcome.verdict === "refreshed") {
        requests.later(outcome.changes);
        return outcome.request;
      }
    }
    const { answer } = await requests.decide((state) => {
      const outcome = book.ask(state, asked, context);
      if (outcome.verdict === "turned-away") throw this.#turnedAway(outcome.retryAfterMs);
      return { changes: outcome.changes, answer: outcome.request };
    });
    // Nothing that a device asks for is there already: it would not ask.
    if (!answer) throw new Error("a device's request was not made");
    return answer;
  }

  #turnedAway(retryAfterMs: number): RequestError {
    this.deps.refused("requests-turned-away");
    return pairingBusy(retryAfterMs);
  }

  /**
   * The live request that `typed` names, of `kind`, or of either kind if that is absent.
   * @throws RequestError where there is none that `actor` may see
   */
  show(typed: string, actor: Actor, kind: ApprovalKind = this.kindOf(typed)): ApprovalRequest {
    const lookup = this.lookup(kind, actor, "request");
    const request = book.find(this.deps.requests.working, typed, lookup);
    const problem = accessProblem(actor, request, "request");
    if (problem) throw problem;
    return request;
  }

  /**
   * Ends a request. It acts even when nothing can be written.
   * @throws RequestError where there is none that `actor` may reject
   */
  async reject(
    typed: string,
    actor: Actor,
    kind: ApprovalKind = this.kindOf(typed),
  ): Promise<{ request: ApprovalRequest } & Durability> {
    const lookup = this.lookup(kind, actor, "rejection");
    const decided = await this.decisions.decide((state) => {
      const request = book.find(state, typed, lookup);
      const problem = accessProblem(actor, request, "rejection");
      if (problem) throw problem;
      const event = auditOf(`${kind}.rejected`, actor, requestFacts(request));
      this.deps.decisions.paced(event);
      return { changes: [book.gone(request, "rejected")], event, urgent: true, answer: request };
    });
    return { request: decided.answer, ...durabilityOf(decided) };
  }

  /** How a code of that kind is looked up for `actor`, who wants to do that with the request. */
  lookup<Kind extends ApprovalKind>(kind: Kind, actor: Actor, act: Act): book.FindFacts<Kind> {
    const now = this.deps.now();
    if (kind === "node") return { kind, now };
    // An approver's key may list all requests anyway.
    const mayKnow = actor.method === "ssh" || covers(actor.scopes, ADMIN);
    const ended = (code: string) => this.#resolutions.get(code)?.why;
    return { kind, now, ended, ...(!mayKnow && { denied: deniedWords(kind, act) }) };
  }

  close(): void {
    this.#stop();
  }

  #context() {
    const { world, limits, gatewayId, now } = this.deps;
    const nonce = () => world.bytes(16).toString("hex");
    const strangers: StrangerRules = {
      isConnected: (deviceId) => this.#counts(deviceId),
      pace: (asked) => this.#pace.count(asked),
    };
    return { now: now(), gatewayId, limits, nonce, strangers };
  }

  #remember({ requestId, deviceId }: DeviceRequest, why: Resolution): void {
    this.#resolutions.set(requestId, { deviceId, why });
    const [oldest] = this.#resolutions.keys();
    const full = this.#resolutions.size > this.deps.limits.replacedRequestsKept;
    if (full && oldest !== undefined) this.#resolutions.delete(oldest);
  }
}
