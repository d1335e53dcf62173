import type { AuditEvent } from "../audit/chain.ts";
import type { AuditedPart, Decisions } from "../audit/decisions.ts";
import { auditOf, capabilityFacts, requestFacts } from "../audit/events.ts";
import { Listeners } from "../lib/listeners.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { Actor } from "../protocol/access.ts";
import { approvalProblem } from "../requests/authority.ts";
import * as book from "../requests/book.ts";
import type { RequestEvent } from "../requests/part.ts";
import type {
  Capabilities,
  NodeRequest,
  RequestsChange,
  RequestsState,
  Resolution,
} from "../requests/records.ts";
import type { BookContext } from "../requests/rules.ts";
import type { Part } from "../store/parts.ts";
import { capabilityWords, NOTHING } from "../words/capabilities.ts";
import * as capabilities from "./capabilities.ts";
import { endedWithPairing } from "./changes.ts";
import { allowedClaims, coversCapabilities, intersect } from "./claims.ts";
import { InvokeTable, sendEvent } from "./invoke.ts";
import { KeyWatch, type SharedKey } from "./key-watch.ts";
import type { CommandPolicy } from "./policy.ts";
import { Published } from "./published.ts";
import type { NodeRecord, NodesChange, NodesState, SeenFacts } from "./records.ts";
import { type JoinFacts, NodeSession, NodeSessions, type NodeSocket } from "./sessions.ts";
import { cameAgain } from "./sharing.ts";
import { WorkQueue } from "./work.ts";

/** Told after a change is durable. */
export interface NodesListener {
  /** Something about a node that operators may watch. */
  told?(event: "node.presence" | "node.hostStats", payload: object): void;
  /** A request for approval could not be written. */
  failed?(nodeId: string, error: unknown): void;
  /** A limit refused something; `metric` is its counter. */
  refused?(metric: string): void;
  /** One key is used by two programs or machines. */
  shared?(shared: SharedKey): void;
  /** The connection of a node that served is gone, and `session`, which stood by, serves. */
  tookOver?(session: NodeSession): void;
}

interface Deps {
  readonly document: Part<NodesState, NodesChange>;
  /** Requests for approval, of devices and of nodes. */
  readonly requests: Part<RequestsState, RequestsChange, RequestEvent>;
  readonly decisions: Decisions;
  readonly world: World;
  readonly limits: Limits;
  readonly gatewayId: string;
  readonly policy: () => CommandPolicy;
  /** Names the pairing of a device as a node; `undefined` when it is not paired as one. */
  readonly pairingOf: (nodeId: string) => string | undefined;
  /** As `pairingOf`, by what is decided, also where that is not durable yet. */
  readonly decidedPairingOf: (nodeId: string) => string | undefined;
  /**
   * Which link paired a device as a node (among other roles, where it grants several), if one did and
   * nothing was decided about the device since.
   */
  readonly linkOf: (nodeId: string) => string | undefined;
}

/**
 * Nodes as a service: who is here, what each may do, and what waits for approval. The pure parts
 * decide (capabilities.ts, requests/), the document makes it durable, and listeners are told after that.
 */
export class Nodes {
  readonly sessions = new NodeSessions();
  readonly invokes: InvokeTable;
  readonly work: WorkQueue;
  readonly published: Published;
  readonly keys: KeyWatch;
  readonly #listeners = new Listeners<NodesListener>();
  readonly #decisions: AuditedPart<NodesState, NodesChange>;
  readonly #requestDecisions: AuditedPart<RequestsState, RequestsChange>;
  readonly #stop: () => void;

  constructor(private readonly deps: Deps) {
    const { world, limits, document, requests } = deps;
    this.#decisions = deps.decisions.about(document);
    this.#requestDecisions = deps.decisions.about(requests);
    this.#stop = requests.listen((event) => {
      const { name, request } = event;
      if (name === "resolved" && request.kind === "node") this.#tellNode(request, event.why);
    });
    const refused = (metric: string) => this.#listeners.tell("refused", metric);
    this.invokes = new InvokeTable({ world, limits, refused });
    const { sessions } = this;
    const standsBy = (session: NodeSession) => !sessions.isCurrent(session);
    this.published = new Published({ limits, refused, standsBy });
    const found = (shared: SharedKey) => this.#listeners.tell("shared", shared);
    this.keys = new KeyWatch({ world, limits, sessions, found });
    this.work = new WorkQueue({ world, limits, document, refused });
    this.#forgetUnpaired();
  }

  listen(listener: NodesListener): () => void {
    return this.#listeners.add(listener);
  }

  /** The durable state. */
  get state(): NodesState {
    return this.deps.document.durable;
  }

  /** How many nodes are connected, may do something, and wait for approval; `standby`: connections. */
  counts() {
    let approved = 0;
    for (const { surface } of this.state.nodes.values()) if (surface) approved += 1;
    const pending = book.requestsOf(this.deps.requests.durable, "node").length;
    const { size: connected, standing: standby } = this.sessions;
    return { connected, standby, approved, pending, invokes: this.invokes.size };
  }

  get policy(): CommandPolicy {
    return this.deps.policy();
  }

  /** The record of a node's present pairing. */
  record(nodeId: string): NodeRecord | undefined {
    return capabilities.recordOf(this.state, { nodeId, pairing: this.deps.pairingOf(nodeId) });
  }

  /** The durable request of a node, if it has one. */
  request(nodeId: string): NodeRequest | undefined {
    const { requests, world } = this.deps;
    return book.requestOf(requests.durable, "node", { deviceId: nodeId, now: world.now() });
  }

  /** What a connected node may do now. */
  effective(session: NodeSession): Capabilities {
    return intersect(this.record(session.nodeId)?.surface, this.#declared(session));
  }

  /** A node is connected: it serves from now on, and asks for what it was not granted yet. */
  join(socket: NodeSocket, facts: JoinFacts): NodeSession {
    const session = new NodeSession(socket, facts, this.deps.world.now());
    const before = this.sessions.join(session);
    if (before) {
      if (cameAgain(before.facts.place, facts.place)) this.#leftover(before);
      this.#tellStandby(before, true);
      this.keys.joined(facts.nodeId);
    }
    const known = capabilities.recordOf(this.deps.document.working, facts);
    const lastConnectedAtMs = session.connectedAtMs;
    if (known) this.note(facts.nodeId, { ...facts.text, lastConnectedAtMs });
    else this.#introduce(session);
    // A device may use a link as an operator first, and come as the node that it made it later.
    const invited = facts.invited || this.deps.linkOf(facts.nodeId) !== undefined;
    if (!known && invited) this.#grant(session);
    else this.ask(session);
    return session;
  }

  /** A program that came again has forgotten what it ran, and publishes anew; another one has not. */
  #leftover(session: NodeSession): void {
    this.invokes.takenOver(session);
    this.published.forget(session);
  }

  leave(session: NodeSession): void {
    const { nodeId, hostStats } = session;
    this.invokes.lost(session);
    this.published.forget(session);
    const { served, next } = this.sessions.leave(session);
    this.keys.left(nodeId);
    if (next) return this.#takesOver(next);
    if (!served) return;
    const lastDisconnectedAtMs = this.deps.world.now();
    this.note(nodeId, { lastDisconnectedAtMs, ...(hostStats && { hostStats }) });
  }

  /** The connection before it is gone, and `session` serves again. */
  #takesOver(session: NodeSession): void {
    const { nodeId, hostStats, facts } = session;
    this.note(nodeId, { ...facts.text, ...(hostStats && { hostStats }) });
    if (hostStats) this.tell(session, "node.hostStats", { nodeId, hostStats });
    this.#listeners.tell("tookOver", session);
    this.#tellStandby(session, false);
    // What the other one asked for may be about to be approved: it keeps its code, for it may come back.
    const { requests, world } = this.deps;
    const asker = { deviceId: nodeId, now: world.now() };
    if (!book.requestOf(requests.working, "node", asker)) this.ask(session);
  }

  /** The node's own program hears whether it serves. */
  #tellStandby(session: NodeSession, standby: boolean): void {
    const { nodeId } = session;
    sendEvent(session, "node.standby", { nodeId, standby, ts: this.deps.world.now() });
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

  /**
   * Whether the pairing that a node came in under still stands, and no end of it is being written: nothing
   * of the node may be written behind that.
   */
  #isPaired({ facts: { nodeId, pairing } }: NodeSession): boolean {
    const { pairingOf, decidedPairingOf } = this.deps;
    return pairingOf(nodeId) === pairing && decidedPairingOf(nodeId) === pairing;
  }

  #introduce(session: NodeSession): void {
    if (!this.#isPaired(session)) return;
    const { facts, connectedAtMs } = session;
    const { nodeId, pairing, text } = facts;
    const times = { createdAtMs: connectedAtMs, lastConnectedAtMs: connectedAtMs };
    this.deps.document.later([{ op: "node", node: { ...text, nodeId, pairing, ...times } }]);
  }

  /** Asks the owner for what a node claims and was not granted, if there is any. */
  ask(session: NodeSession): void {
    const { document, requests } = this.deps;
    const { nodeId, pairing } = session.facts;
    // A device that was removed a moment ago, and whose connection is about to close, asks nothing.
    if (session.asking || !this.#isPaired(session)) return;
    const { text, declared } = this.#askOf(session);
    const approved = capabilities.recordOf(document.working, { nodeId, pairing })?.surface;
    const covered = approved !== undefined && coversCapabilities(approved, declared);
    const asked = { nodeId, pairing, text, capabilities: declared, covered };
    const outcome = book.ask(requests.working, { kind: "node", ...asked }, this.#context());
    if (outcome.verdict !== "new") return requests.later(outcome.changes);
    session.asking = true;
    requests
      .commit(outcome.changes)
      .catch((error: unknown) => this.#listeners.tell("failed", nodeId, error))
      .finally(() => {
        session.asking = false;
      });
  }

  /** Grants a node that came by the owner's link what it claims, without a request. */
  #grant(session: NodeSession): void {
    const { world, linkOf } = this.deps;
    const asked = this.#askOf(session);
    const { nodeId, declared } = asked;
    const facts = { now: world.now(), via: "bootstrap" as const };
    // Of what can do nothing, the line of the link itself says it all.
    const event = capabilityWords(declared) === NOTHING ? undefined : byLink(asked, linkOf(nodeId));
    session.asking = true;
    this.#decisions
      .decide((state) => {
        // It may have been removed meanwhile.
        if (!this.#isPaired(session)) return { changes: [], answer: undefined };
        return {
          changes: capabilities.approve(state, asked, facts).changes,
          event,
          answer: undefined,
        };
      })
      .catch((error: unknown) => this.#listeners.tell("failed", nodeId, error))
      .finally(() => {
        session.asking = false;
      });
  }

  #askOf(session: NodeSession): capabilities.Declared {
    const { nodeId, pairing, text } = session.facts;
    return { nodeId, pairing, text, declared: this.#declared(session) };
  }

  #declared({ facts }: NodeSession): Capabilities {
    return allowedClaims(facts.claims, facts.text, this.policy);
  }

  /** The allow-list is another one: what nodes ask for may be more or less than before. */
  policyChanged(): void {
    for (const session of this.sessions.all) this.ask(session);
  }

  /**
   * Grants a node what the request that `typed` names says.
   * @throws RequestError where there is none, or `actor` may not approve it
   */
  async approve(
    typed: string,
    actor: Actor,
  ): Promise<{ request: NodeRequest; record: NodeRecord }> {
    const { document, world } = this.deps;
    const now = world.now();
    const { answer } = await this.#requestDecisions.decide((state) => {
      const request = book.find(state, typed, { kind: "node", now });
      const problem = approvalProblem(actor, request, []);
      if (problem) throw problem;
      const facts = { now, via: "owner" as const };
      const { node, changes } = capabilities.approve(
        document.working,
        capabilities.declaredIn(request),
        facts,
      );
      return {
        changes: [book.gone(request, "approved")],
        also: [document.also(changes)],
        event: auditOf("node.approved", actor, requestFacts(request)),
        answer: { request, record: node },
      };
    });
    return answer;
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
    this.#listeners.tell("told", event, payload);
    return true;
  }

  /** Forgets nodes whose device was removed while their records stayed. */
  #forgetUnpaired(): void {
    const { document, requests, pairingOf } = this.deps;
    const asking = book.requestsOf(requests.working, "node").map(({ nodeId }) => nodeId);
    for (const nodeId of new Set([...document.working.nodes.keys(), ...asking])) {
      const node = { nodeId, pairing: pairingOf(nodeId) };
      document.later(endedWithPairing(document.working, node));
      requests.later(book.endedWithPairing(requests.working, node));
    }
  }

  /** Stops following the state. */
  close(): void {
    this.keys.close();
    this.#stop();
  }

  #context(): BookContext {
    const { world, limits, gatewayId } = this.deps;
    const nonce = () => world.bytes(16).toString("hex");
    return { now: world.now(), gatewayId, limits, nonce };
  }

  /** The node hears of it too, on all its connections: what it asked for, it may now use, or not. */
  #tellNode({ requestId, nodeId }: NodeRequest, why: Resolution): void {
    const session = this.sessions.current(nodeId);
    if (!session || (why !== "approved" && why !== "rejected")) return;
    const ts = this.deps.world.now();
    for (const one of [session, ...this.sessions.standbys(nodeId)]) {
      sendEvent(one, "node.pair.resolved", { requestId, nodeId, decision: why, ts });
    }
    // It may offer more than the connection that had asked.
    if (why === "approved") this.ask(session);
  }
}

/** The audit's line of a grant by the owner's link, without a request. */
function byLink({ nodeId, declared }: capabilities.Declared, link: string | undefined): AuditEvent {
  const event = auditOf("node.approved", "gateway", {
    device: nodeId,
    ...capabilityFacts(declared),
  });
  return { ...event, by: { kind: "link", ...(link !== undefined && { id: link }) } };
}
