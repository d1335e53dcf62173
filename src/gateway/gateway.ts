import type { ConnectFacts } from "../auth/facts.ts";
import type { Hub } from "../events/hub.ts";
import type { Presence } from "../events/presence.ts";
import { BoundedLog } from "../lib/bounded-log.ts";
import { cleanText } from "../lib/text.ts";
import type { Timer, World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { isConfined } from "../pairing/authority.ts";
import type { Pairing } from "../pairing/pairing.ts";
import type { EndedDevice, Pending, Resolution } from "../pairing/records.ts";
import type { Actor } from "../protocol/access.ts";
import { type Close, closes } from "../protocol/close.ts";
import { encodeEventHead, finishEvent, type RequestFrame } from "../protocol/frames.ts";
import { AdmissionControl } from "./admission.ts";
import type { ConnectParams } from "./connect-params.ts";
import { Connection, type ConnectionHost } from "./connection.ts";
import type { Dispatcher } from "./dispatch.ts";
import type { Handshake } from "./handshake.ts";
import { Registry } from "./registry.ts";
import type { Peer, Socket } from "./socket.ts";
import { type PendingUpgrade, UpgradeQueue } from "./upgrade-queue.ts";

const SWEEP_MS = 1000;
const DRAIN_POLL_MS = 10;

export interface GatewayDeps {
  readonly world: World;
  readonly limits: Limits;
  readonly hub: Hub;
  readonly presence: Presence;
  readonly pairing: Pairing;
  readonly log: GatewayLog;
}

export interface GatewayLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** All connections: admits them, hands frames on, ends them. */
export class Gateway implements ConnectionHost {
  readonly limits: Limits;
  readonly admission: AdmissionControl;
  readonly #upgrades: UpgradeQueue;
  readonly registry = new Registry();
  /** Lines about refusals and closes: strangers can cause any number of them. */
  readonly refusalLog: BoundedLog;
  /** Lines about our own failures, apart, so that no storm of refusals hides them. */
  readonly failureLog: BoundedLog;
  phase: ConnectFacts["phase"] = "starting";
  /** Set once by main: they need this object, and it needs them. */
  handshake: Handshake | undefined;
  dispatcher: Dispatcher | undefined;
  readonly #handshaking = new Set<Connection>();
  readonly #closes = new Map<string, number>();
  /** Refused connects by the code of the answer. */
  readonly refusals = new Map<string, number>();
  #sweep: Timer | undefined;
  readonly #stopListening: () => void;

  constructor(private readonly deps: GatewayDeps) {
    this.limits = deps.limits;
    const { limits, world } = deps;
    this.admission = new AdmissionControl(limits, () => world.monotonic());
    this.#upgrades = new UpgradeQueue(this.admission, limits, world);
    this.refusalLog = this.#boundedLog();
    this.failureLog = this.#boundedLog();
    this.#stopListening = deps.pairing.listen({
      resolved: (pending, why) => this.#resolved(pending, why),
      ending: (is) => this.#markRevoked(is),
      ended: (end) => this.#deviceEnded(end),
    });
  }

  #boundedLog(): BoundedLog {
    const { world, log, limits } = this.deps;
    const leftOut = () => this.count("log-left-out");
    return new BoundedLog({ world, log, perSecond: limits.logLinesPerSecond, leftOut });
  }

  /**
   * A client asks for a connection: the upgrade is accepted or refused, now or later. Returns what
   * to call when the client is gone.
   */
  requestUpgrade(peer: Peer, upgrade: PendingUpgrade): () => void {
    return this.#upgrades.request(peer.source, {
      accept: () => upgrade.accept(),
      refuse: (refusal) => {
        this.count(refusal.metric);
        upgrade.refuse(refusal);
      },
    });
  }

  /** A transport opened a socket: it is challenged at once. */
  open(socket: Socket): Connection {
    const connection = new Connection(this.deps.world.uuid(), socket, this);
    this.#challenge(connection);
    this.admission.opened(connection);
    return connection;
  }

  #challenge(connection: Connection): void {
    const { world } = this.deps;
    connection.challengedAt = world.monotonic();
    this.#handshaking.add(connection);
    this.#sweep ??= world.every(SWEEP_MS, () => this.#sweepHandshakes());
    connection.challenge(world.uuid(), world.now());
  }

  /** Ends handshakes past their deadline. Runs only while there are handshakes. */
  #sweepHandshakes(): void {
    const deadline = this.deps.world.monotonic() - this.limits.handshakeMs;
    for (const connection of this.#handshaking) {
      if (connection.challengedAt > deadline) break;
      connection.close(closes.handshakeTimeout);
    }
    if (this.#handshaking.size > 0) return;
    this.#sweep?.cancel();
    this.#sweep = undefined;
  }

  connect(connection: Connection, frame: RequestFrame, nonce: string): void {
    this.handshake?.run(connection, frame, nonce).catch((error: unknown) => {
      // Not even the refusal could be sent. One broken connection must not end the process.
      this.failed("a connect failed", { conn: connection.id, err: error });
      connection.socket.drop();
    });
  }

  request(connection: Connection, frame: RequestFrame): void {
    const { actor } = connection;
    if (!actor || !this.dispatcher) return;
    if (this.dispatcher.dispatch(connection, actor, frame)) {
      connection.unauthorized = 0;
      return;
    }
    connection.unauthorized += 1;
    if (connection.unauthorized > this.limits.unauthorizedCalls) {
      connection.close(closes.unauthorizedFlood);
    }
  }

  /** A connection was admitted; it becomes visible to others. */
  ready(connection: Connection, actor: Actor, params: ConnectParams): void {
    this.#handshaking.delete(connection);
    this.admission.authenticated(connection);
    this.#upgrades.freed();
    this.registry.add(connection, actor);
    this.deps.hub.add(connection, actor, isConfined(actor) ? actor.deviceId : undefined);
    if (params.client.mode !== "cli" && params.client.mode !== "probe") {
      this.deps.presence.set(connection.id, this.#presenceOf(connection, actor, params));
    }
  }

  #presenceOf(connection: Connection, actor: Actor, { client }: ConnectParams) {
    const { address, directLoopback } = connection.socket.peer;
    return {
      host: cleanText(client.displayName) ?? client.id,
      ip: directLoopback ? undefined : cleanText(address),
      version: cleanText(client.version),
      platform: cleanText(client.platform),
      deviceFamily: cleanText(client.deviceFamily),
      modelIdentifier: cleanText(client.modelIdentifier),
      timeZone: cleanText(client.timeZone),
      instanceId: cleanText(client.instanceId),
      mode: client.mode,
      reason: "connect",
      ts: this.deps.world.now(),
      deviceId: actor.deviceId,
      roles: [actor.role],
      scopes: actor.scopes,
    };
  }

  /** A connection stays open until the owner decides. The newest one of a device wins. */
  waits(connection: Connection): void {
    if (connection.state.name !== "waiting") return;
    const { requestId, deviceId } = connection.state;
    this.#handshaking.delete(connection);
    // First, so that a device which merely comes again pushes no other one out.
    this.registry.waiting(deviceId)?.close(closes.waitingReplaced);
    this.admission.waits(connection);
    this.#upgrades.freed();
    this.registry.wait(connection, deviceId);
    // The decision may have come while the answer was on its way.
    const why = this.deps.pairing.resolution(requestId);
    const pending = this.deps.pairing.pendingOf(deviceId);
    if (why !== undefined && pending?.requestId !== requestId) {
      this.#endWait(connection, requestId, why);
    }
  }

  #resolved(pending: Pending, why: Resolution): void {
    if (why === "evicted") this.count("pending-evicted");
    const connection = this.registry.waiting(pending.deviceId);
    if (connection) this.#endWait(connection, pending.requestId, why);
  }

  #endWait(connection: Connection, requestId: string, why: Resolution): void {
    if (connection.state.name !== "waiting" || connection.state.requestId !== requestId) return;
    const { deviceId } = connection.state;
    if (why === "approved") {
      this.registry.unwait(connection, deviceId);
      this.admission.resumes(connection);
      this.#challenge(connection);
      return;
    }
    const decision = why === "evicted" ? "expired" : why;
    const payload = { requestId, deviceId, decision, ts: this.deps.world.now() };
    connection.send(finishEvent(encodeEventHead("device.pair.resolved", payload)));
    connection.close(waitEnds[decision]);
  }

  /**
   * Marks the connections of devices that are about to end: each is closed once the end is in
   * force.
   */
  #markRevoked(is: (deviceId: string) => boolean): void {
    for (const connection of this.registry.ready) {
      const deviceId = connection.actor?.deviceId;
      if (deviceId !== undefined && is(deviceId)) connection.revoked = true;
    }
  }

  /** Ends the connections of a device, after the answer to the request that revoked it went out. */
  #deviceEnded(end: EndedDevice): void {
    const ended = this.registry.of(end.deviceId).filter((connection) => {
      return end.role === undefined || connection.role === end.role;
    });
    for (const connection of ended) connection.revoked = true;
    this.deps.world.after(0, () => {
      for (const connection of ended) connection.close(closes.deviceRemoved);
    });
  }

  /** Closes every ready connection that `matches`; returns those. */
  closeWhere(matches: (actor: Actor) => boolean, close: Close): Connection[] {
    const hit = [...this.registry.ready].filter((c) => c.actor && matches(c.actor));
    for (const connection of hit) connection.close(close);
    return hit;
  }

  ended(connection: Connection, close: Close | undefined): void {
    this.#handshaking.delete(connection);
    this.admission.closed(connection);
    this.#upgrades.freed();
    const { state } = connection;
    if (state.name === "waiting") this.registry.unwait(connection, state.deviceId);
    if (state.name === "ready") {
      this.registry.delete(connection, state.actor);
      this.deps.hub.delete(connection);
      this.deps.presence.delete(connection.id);
    }
    if (!close) return;
    this.count(close.metric);
    // A refusal has a line of its own, with its cause.
    if (connection.refused) return;
    const { address } = connection.socket.peer;
    const facts = { conn: connection.id, address, code: close.code, reason: close.reason };
    this.refusalLog.write({
      level: "info",
      kind: close.metric,
      facts,
      message: "connection closed",
    });
  }

  /**
   * Logs a defect of ours. Bounded, so that a client that causes it again and again fills no disk.
   */
  failed(message: string, facts: object): void {
    this.failureLog.write({ level: "error", kind: message, facts, message });
  }

  after(ms: number, run: () => void): void {
    this.deps.world.after(ms, run);
  }

  count(metric: string): void {
    this.#closes.set(metric, (this.#closes.get(metric) ?? 0) + 1);
  }

  countRefusal(code: string): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
  }

  get closes(): Record<string, number> {
    return Object.fromEntries([...this.#closes].sort(([a], [b]) => a.localeCompare(b)));
  }

  /**
   * Refuses new connects, sends the event `shutdown`, lets running requests be answered, then
   * closes all connections.
   */
  async drain(reason: string, close: Close, restartExpectedMs?: number): Promise<void> {
    this.phase = "draining";
    this.#upgrades.close(draining);
    const more = restartExpectedMs === undefined ? {} : { restartExpectedMs };
    this.deps.hub.publish("shutdown", { reason, ...more });
    await this.#answered();
    const all = [...this.registry.ready, ...this.#handshaking, ...this.registry.allWaiting];
    await this.#closeInTurns(all, close);
  }

  /**
   * Closes the connections over time, so that the clients of a gateway that restarts do not all
   * come back at once.
   */
  async #closeInTurns(all: readonly Connection[], close: Close): Promise<void> {
    const { drainCloses, drainPauseMs } = this.limits;
    for (let at = 0; at < all.length; at += drainCloses) {
      if (at > 0) await this.#pause(drainPauseMs);
      for (const connection of all.slice(at, at + drainCloses)) connection.close(close);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.deps.world.after(ms, resolve));
  }

  /** Resolves when the running requests were answered, after `drainMs` at most. */
  async #answered(): Promise<void> {
    const { world } = this.deps;
    const deadline = world.monotonic() + this.limits.drainMs;
    while ((this.dispatcher?.busy ?? 0) > 0 && world.monotonic() < deadline) {
      await this.#pause(DRAIN_POLL_MS);
    }
  }

  stop(): void {
    this.#sweep?.cancel();
    this.refusalLog.flush();
    this.failureLog.flush();
    this.#stopListening();
  }
}

const draining = {
  status: "503 Service Unavailable",
  text: "The gateway is stopping",
  metric: "draining-refused",
};

const waitEnds = {
  rejected: closes.pairingRejected,
  expired: closes.pairingExpired,
  superseded: closes.pairingSuperseded,
} as const;
