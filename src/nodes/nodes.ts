import type { AuditEvent } from "../audit/chain.ts";
import type { AuditedPart, Decisions } from "../audit/decisions.ts";
import { auditOf, offerFacts } from "../audit/events.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { Part } from "../store/parts.ts";
import type { Durability } from "../store/shape.ts";
import { capabilityWords, NOTHING } from "../words/capabilities.ts";
import { normalizeCode } from "../words/code.ts";
import * as capabilities from "./capabilities.ts";
import { endedWithPairing } from "./changes.ts";
import { allowedClaims, intersect } from "./claims.ts";
import { InvokeTable, sendEvent } from "./invoke.ts";
import type { CommandPolicy } from "./policy.ts";
import { Published } from "./published.ts";
import type {
  Capabilities,
  CapabilityRequest,
  CapabilityResolution,
  NodeRecord,
  NodesChange,
  NodesEvent,
  NodesState,
  SeenFacts,
} from "./records.ts";
import { type JoinFacts, NodeSession, NodeSessions, type NodeSocket } from "./sessions.ts";
import { WorkQueue } from "./work.ts";

/** Told after a change is durable. */
export interface NodesListener {
  requested?(request: CapabilityRequest): void;
  resolved?(request: CapabilityRequest, why: CapabilityResolution): void;
  /** Something about a node that operators may watch. */
  told?(event: "node.presence" | "node.hostStats", payload: object): void;
  /** A request for approval could not be written. */
  failed?(nodeId: string, error: unknown): void;
  /** A limit refused something; `metric` is its counter. */
  refused?(metric: string): void;
}

interface Deps {
  readonly document: Part<NodesState, NodesChange, NodesEvent>;
  readonly decisions: Decisions;
  readonly world: World;
  readonly limits: Limits;
  readonly gatewayId: string;
  readonly policy: () => CommandPolicy;
  /** Names the pairing of a device as a node; `undefined` when it is not paired as one. */
  readonly pairingOf: (nodeId: string) => string | undefined;
  /** Whether a code stands for a device's request. */
  readonly taken: (code: string) => boolean;
  /** Which link paired a device, if one did and nothing was decided about it since. */
  readonly linkOf: (nodeId: string) => string | undefined;
}

/**
 * Nodes as a service: who is here, what each may do, and what waits for approval. The pure parts
 * decide (capabilities.ts), the document makes it durable, and only then are clients told.
 */
export class Nodes {
  readonly sessions = new NodeSessions();
  readonly invokes: InvokeTable;
  readonly work: WorkQueue;
  readonly published: Published;
  readonly #listeners = new Set<NodesListener>();
  readonly #decisions: AuditedPart<NodesState, NodesChange>;
  readonly #stop: () => void;

  constructor(private readonly deps: Deps) {
    const { world, limits, document } = deps;
    this.#decisions = deps.decisions.about(document);
    this.#stop = document.listen((event) => {
      if (event.name === "requested") this.#tell("requested", event.request);
      else this.#resolved(event.request, event.why);
    });
    const refused = (metric: string) => this.#tell("refused", metric);
    this.invokes = new InvokeTable({ world, limits, refused });
    this.published = new Published({ limits, refused });
    this.work = new WorkQueue({ world, limits, document, refused });
    this.#forgetUnpaired();
  }

  listen(listener: NodesListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The durable state. */
  get state(): NodesState {
    return this.deps.document.durable;
  }

  /** How many nodes are connected, may do something, and wait for approval. */
  counts(): { connected: number; approved: number; pending: number; invokes: number } {
    let approved = 0;
    for (const { surface } of this.state.nodes.values()) if (surface) approved += 1;
    const { size } = this.state.requests;
    return { connected: this.sessions.size, approved, pending: size, invokes: this.invokes.size };
  }

  get policy(): CommandPolicy {
    return this.deps.policy();
  }

  /** The record of a node's present pairing. */
  record(nodeId: string): NodeRecord | undefined {
    return capabilities.recordOf(this.state, { nodeId, pairing: this.deps.pairingOf(nodeId) });
  }

  request(nodeId: string): CapabilityRequest | undefined {
    return capabilities.requestOf(this.state, nodeId);
  }

  /** What a connected node may do now. */
  effective(session: NodeSession): Capabilities {
    return intersect(this.record(session.nodeId)?.surface, this.#declared(session));
  }

  /** A node is connected: it counts from now on, and asks for what it was not granted yet. */
  join(socket: NodeSocket, facts: JoinFacts): NodeSession {
    const session = new NodeSession(socket, facts, this.deps.world.now());
    const before = this.sessions.join(session);
    if (before) {
      this.invokes.takenOver(before);
      // Its connection may stay open: what it published must not take room from all other nodes.
      this.published.forget(before);
    }
    const known = capabilities.recordOf(this.deps.document.working, facts);
    const lastConnectedAtMs = session.connectedAtMs;
    if (known) this.note(facts.nodeId, { ...facts.text, lastConnectedAtMs });
    else this.#introduce(session);
    if (!known && facts.invited) this.#grant(session);
    else this.ask(session);
    return session;
  }

  leave(session: NodeSession): void {
    this.invokes.lost(session);
    this.published.forget(session);
    if (!this.sessions.leave(session)) return;
    const { nodeId, hostStats } = session;
    const lastDisconnectedAtMs = this.deps.world.now();
    this.note(nodeId, { lastDisconnectedAtMs, ...(hostStats && { hostStats }) });
  }

  /** Notes facts that are no promise to a client: written lazily, and lost in a crash. */
  note(nodeId: string, facts: SeenFacts): void {
    this.deps.document.later([{ op: "seen", nodeId, facts }]);
  }

  /** Notes a sign of life; resolves once it is durable. */
  async saw(nodeId: string, lastSeenReason: string): Promise<void> {
    const facts = { lastSeenAtMs: this.deps.world.now(), lastSeenReason };
    await this.deps.document.commit([{ op: "seen", nodeId, facts }]);
  }

  #introduce({ facts, connectedAtMs }: NodeSession): void {
    const { nodeId, pairing, text } = facts;
    const times = { createdAtMs: connectedAtMs, lastConnectedAtMs: connectedAtMs };
    this.deps.document.later([{ op: "node", node: { ...text, nodeId, pairing, ...times } }]);
  }

  /** Asks the owner for what a node claims and was not granted, if there is any. */
  ask(session: NodeSession): void {
    const { document, pairingOf } = this.deps;
    const { nodeId, pairing } = session.facts;
    // A device that was removed a moment ago, and whose connection is about to close, asks nothing.
    if (session.asking || pairingOf(nodeId) !== pairing) return;
    const asked = this.#askOf(session);
    const context = this.#context();
    const outcome = capabilities.ask(document.working, asked, context);
    if (outcome.kind !== "new") return document.later(outcome.changes);
    session.asking = true;
    document
      .commit(outcome.changes)
      .catch((error: unknown) => this.#tell("failed", nodeId, error))
      .finally(() => {
        session.asking = false;
      });
  }

  /** Grants a node that came by the owner's link what it claims, without a request. */
  #grant(session: NodeSession): void {
    const { world, pairingOf, linkOf } = this.deps;
    const asked = this.#askOf(session);
    const { nodeId, pairing, surface } = asked;
    const facts = { now: world.now(), via: "bootstrap" as const };
    // Of what can do nothing, the line of the link itself says it all.
    const event = capabilityWords(surface) === NOTHING ? undefined : byLink(asked, linkOf(nodeId));
    session.asking = true;
    this.#decisions
      .decide((state) => {
        // It may have been removed meanwhile.
        if (pairingOf(nodeId) !== pairing) return { changes: [], answer: undefined };
        return {
          changes: capabilities.approve(state, asked, facts).changes,
          event,
          answer: undefined,
        };
      })
      .catch((error: unknown) => this.#tell("failed", nodeId, error))
      .finally(() => {
        session.asking = false;
      });
  }

  #askOf(session: NodeSession): capabilities.Ask {
    const { nodeId, pairing, text } = session.facts;
    return { nodeId, pairing, text, surface: this.#declared(session) };
  }

  #declared({ facts }: NodeSession): Capabilities {
    return allowedClaims(facts.claims, facts.text, this.policy);
  }

  /** The allow-list is another one: what nodes ask for may be more or less than before. */
  policyChanged(): void {
    for (const session of this.sessions.all) this.ask(session);
  }

  /** Whether `typed` is, or was, the code of a node's request. */
  knows(typed: string): boolean {
    const { requests, replaced } = this.deps.document.working;
    const code = normalizeCode(typed) ?? "";
    return requests.has(code) || replaced.has(code);
  }

  /** The request that `typed` names. @throws RequestError */
  find(typed: string): CapabilityRequest {
    return capabilities.findRequest(this.deps.document.working, typed);
  }

  /**
   * Grants a node what the request of code `requestId` says, with the line `event`.
   * @throws RequestError where there is none any more
   */
  async approve(requestId: string, event: AuditEvent): Promise<NodeRecord> {
    const { world } = this.deps;
    const facts = { now: world.now(), via: "owner" as const };
    const { answer } = await this.#decisions.decide((state) => {
      const request = capabilities.findRequest(state, requestId);
      const { nodeId, pairing } = request;
      const surface = capabilities.surfaceOf(request);
      const asked = { nodeId, pairing, requestId, surface, text: capabilities.textOf(request) };
      const { node, changes } = capabilities.approve(state, asked, facts);
      return { changes, event, answer: node };
    });
    return answer;
  }

  /**
   * Ends the request of code `requestId`, with the line `event`. It acts even when nothing can be written.
   * @throws RequestError where there is none any more
   */
  async reject(requestId: string, event: AuditEvent): Promise<Durability> {
    const { durable, reason } = await this.#decisions.decide((state) => {
      const request = capabilities.findRequest(state, requestId);
      this.deps.decisions.paced(event);
      const why = "rejected" as const;
      const gone = { op: "request-gone" as const, requestId: request.requestId, why };
      return { changes: [gone], event, urgent: true, answer: undefined };
    });
    return { durable, ...(reason !== undefined && { reason }) };
  }

  /**
   * Tells operators about a node. Returns false, without telling, within `nodeEventMs` of the last
   * event of the kind.
   */
  tell(session: NodeSession, event: "node.presence" | "node.hostStats", payload: object): boolean {
    const now = this.deps.world.monotonic();
    const last = session.toldAt.get(event);
    if (last !== undefined && now - last < this.deps.limits.nodeEventMs) return false;
    session.toldAt.set(event, now);
    this.#tell("told", event, payload);
    return true;
  }

  /** Forgets nodes whose device was removed while their records stayed. */
  #forgetUnpaired(): void {
    const { document, pairingOf } = this.deps;
    const { nodes, requests } = document.working;
    const known = new Set([...nodes.keys(), ...[...requests.values()].map(({ nodeId }) => nodeId)]);
    for (const nodeId of known) {
      const changes = endedWithPairing(document.working, { nodeId, pairing: pairingOf(nodeId) });
      document.later(changes);
    }
  }

  /** Stops following the state. */
  close(): void {
    this.#stop();
  }

  #context(): capabilities.CapabilityContext {
    const { world, limits, gatewayId, taken } = this.deps;
    const nonce = () => world.bytes(16).toString("hex");
    return { now: world.now(), gatewayId, limits, nonce, taken };
  }

  /** The node hears of it too: what it asked for, it may now use, or not. */
  #resolved(request: CapabilityRequest, why: CapabilityResolution): void {
    const session = this.sessions.current(request.nodeId);
    if (session && (why === "approved" || why === "rejected")) {
      const { requestId, nodeId } = request;
      const ts = this.deps.world.now();
      sendEvent(session, "node.pair.resolved", { requestId, nodeId, decision: why, ts });
    }
    this.#tell("resolved", request, why);
  }

  #tell<Name extends keyof NodesListener>(
    name: Name,
    ...facts: Parameters<NonNullable<NodesListener[Name]>>
  ): void {
    for (const listener of this.#listeners) {
      const tell = listener[name] as ((...args: typeof facts) => void) | undefined;
      tell?.apply(listener, facts);
    }
  }
}

/** The audit's line of a grant by the owner's link, without a request. */
function byLink({ nodeId, surface }: capabilities.Ask, link: string | undefined): AuditEvent {
  const event = auditOf("node.approved", "gateway", { device: nodeId, ...offerFacts(surface) });
  return { ...event, by: { kind: "link", ...(link !== undefined && { id: link }) } };
}
