import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { Document, Durability } from "../store/shape.ts";
import { normalizeCode } from "../words/code.ts";
import * as capabilities from "./capabilities.ts";
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
  readonly document: Document<NodesState, NodesChange>;
  readonly world: World;
  readonly limits: Limits;
  readonly gatewayId: string;
  readonly policy: () => CommandPolicy;
  /** Names the pairing of a device as a node; `undefined` when it is not paired as one. */
  readonly pairingOf: (nodeId: string) => string | undefined;
  /** Whether a code stands for a device's request. */
  readonly taken: (code: string) => boolean;
  /** Calls `grant` once it is noted that a node gets this by the owner's link, without being asked for. */
  readonly granting: (nodeId: string, surface: Capabilities, grant: Grant) => Promise<void>;
}

type Grant = () => Promise<void>;

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

  constructor(private readonly deps: Deps) {
    const { world, limits, document } = deps;
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
    const outcome = capabilities.ask(document.working, this.#askOf(session), this.#context());
    if (outcome.kind !== "new") {
      document.later(outcome.changes);
      for (const { request, why } of outcome.gone) this.#resolve(request, why);
      return;
    }
    session.asking = true;
    document
      .commit(outcome.changes)
      .then(() => {
        for (const { request, why } of outcome.gone) this.#resolve(request, why);
        if (outcome.request) this.#tell("requested", outcome.request);
      })
      .catch((error: unknown) => this.#tell("failed", nodeId, error))
      .finally(() => {
        session.asking = false;
      });
  }

  /** Grants a node what it claims, without a request. */
  #grant(session: NodeSession): void {
    const { document, world, granting, pairingOf } = this.deps;
    const asked = this.#askOf(session);
    const { nodeId, pairing, surface } = asked;
    const grant = async () => {
      // It may have been removed while this was noted.
      if (pairingOf(nodeId) !== pairing) return;
      const facts = { now: world.now(), via: "bootstrap" as const };
      await document.commit(capabilities.approve(document.working, asked, facts).changes);
    };
    session.asking = true;
    granting(nodeId, surface, grant)
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

  async approve(request: CapabilityRequest): Promise<NodeRecord> {
    const { document, world } = this.deps;
    const { nodeId, pairing, requestId } = request;
    const asked = {
      nodeId,
      pairing,
      requestId,
      surface: capabilities.surfaceOf(request),
      text: capabilities.textOf(request),
    };
    const facts = { now: world.now(), via: "owner" as const };
    const { node, changes } = capabilities.approve(document.working, asked, facts);
    await document.commit(changes);
    this.#resolve(request, "approved");
    return node;
  }

  async reject(request: CapabilityRequest): Promise<Durability> {
    const { requestId } = request;
    const outcome = await this.#urgent([{ op: "request-gone", requestId }]);
    this.#resolve(request, "rejected");
    return outcome;
  }

  /** A device's pairing changed: what was granted to it as a node may have ended with it. */
  async pairingChanged(nodeId: string): Promise<void> {
    const { working } = this.deps.document;
    const pairing = this.deps.pairingOf(nodeId);
    const request = capabilities.requestOf(working, nodeId);
    const changes: NodesChange[] = [];
    if (request && request.pairing !== pairing) {
      changes.push({ op: "request-gone", requestId: request.requestId });
    }
    const record = working.nodes.get(nodeId);
    if (record && record.pairing !== pairing) changes.push({ op: "node-gone", nodeId });
    if (changes.length > 0) await this.#urgent(changes);
    if (request && request.pairing !== pairing) this.#resolve(request, "rejected");
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

  /** Forgets nodes whose device was removed while this gateway, or the disk, was down. */
  #forgetUnpaired(): void {
    const { document, pairingOf } = this.deps;
    const { nodes, requests } = document.working;
    const changes: NodesChange[] = [];
    for (const { nodeId, pairing } of nodes.values()) {
      if (pairingOf(nodeId) !== pairing) changes.push({ op: "node-gone", nodeId });
    }
    for (const { nodeId, pairing, requestId } of requests.values()) {
      if (pairingOf(nodeId) !== pairing) changes.push({ op: "request-gone", requestId });
    }
    for (const change of changes) document.later([change]);
  }

  #urgent(changes: readonly NodesChange[]): Promise<Durability> {
    return this.deps.document.commit(changes, { urgent: true });
  }

  #context(): capabilities.CapabilityContext {
    const { world, limits, gatewayId, taken } = this.deps;
    const nonce = () => world.bytes(16).toString("hex");
    return { now: world.now(), gatewayId, limits, nonce, taken };
  }

  /** The node hears of it too: what it asked for, it may now use, or not. */
  #resolve(request: CapabilityRequest, why: CapabilityResolution): void {
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
