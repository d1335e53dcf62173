import type { Hub } from "../events/hub.ts";
import type { Presence, PresenceEntry } from "../events/presence.ts";
import { cleanText } from "../lib/text.ts";
import type { Timer, World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { Nodes } from "../nodes/nodes.ts";
import type { Pairing } from "../pairing/pairing.ts";
import type { EndedDevice } from "../pairing/records.ts";
import type { Actor } from "../protocol/access.ts";
import { type Close, closes } from "../protocol/close.ts";
import { encodeEventHead, finishEvent } from "../protocol/frames.ts";
import { isConfined } from "../requests/authority.ts";
import type { DeviceRequest, Resolution } from "../requests/records.ts";
import type { AdmissionRefusal } from "./admission.ts";
import type { ConnectParams } from "./connect-params.ts";
import type { Connection } from "./connection.ts";
import { joinNode } from "./node-session.ts";
import type { RuntimeState } from "./runtime-state.ts";
import { shareKey } from "./shares.ts";
import { type PendingUpgrade, UpgradeQueue } from "./upgrade-queue.ts";

const SWEEP_MS = 1000;

interface Deps {
  readonly world: World;
  readonly limits: Limits;
  readonly state: RuntimeState;
  readonly hub: Hub;
  readonly presence: Presence;
  readonly pairing: Pairing;
  readonly nodes: Nodes;
}

/**
 * Every connection from its upgrade to its end: challenged, waiting for the owner, ready, ended. It moves
 * them on when they are told to and when the pairing of their devices changes; it decides no connect and
 * runs no request.
 */
export class ConnectionPool {
  readonly #upgrades: UpgradeQueue;
  /** Challenged and not decided yet, oldest first. */
  readonly #handshaking = new Set<Connection>();
  #sweep: Timer | undefined;
  readonly #stopListening: () => void;

  constructor(private readonly deps: Deps) {
    const { state, limits, world, pairing } = deps;
    this.#upgrades = new UpgradeQueue(state.admission, limits, world);
    const { registry } = state;
    pairing.requests.connectedBy((deviceId) => {
      return registry.waiting(deviceId) !== undefined || registry.isConnected(deviceId);
    });
    const stopRequests = pairing.requests.listen((event) => {
      const { name, request } = event;
      if (name === "resolved" && request.kind === "device") this.#resolved(request, event.why);
    });
    const stopPairing = pairing.listen({
      ending: (is) => this.#markRevoked(is),
      ended: (end) => this.#deviceEnded(end),
    });
    this.#stopListening = () => {
      stopRequests();
      stopPairing();
    };
  }

  /**
   * Opens or refuses an upgrade from `source` (an address, as limits count), at once or later. Returns
   * how to leave before that.
   */
  requestUpgrade(source: string, upgrade: PendingUpgrade): () => void {
    return this.#upgrades.request(source, {
      accept: () => upgrade.accept(),
      refuse: (refusal) => {
        this.deps.state.telemetry.count(refusal.metric);
        upgrade.refuse(refusal);
      },
    });
  }

  /** Refuses every upgrade from now on, and those that wait for theirs. */
  refuseUpgrades(refusal: AdmissionRefusal): void {
    this.#upgrades.close(refusal);
  }

  /** Takes a new connection in and challenges it. */
  opened(connection: Connection): void {
    this.#challenge(connection);
    this.deps.state.admission.opened(connection);
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
    const deadline = this.deps.world.monotonic() - this.deps.limits.handshakeMs;
    for (const connection of this.#handshaking) {
      if (connection.challengedAt > deadline) break;
      connection.close(closes.handshakeTimeout);
    }
    if (this.#handshaking.size > 0) return;
    this.#sweep?.cancel();
    this.#sweep = undefined;
  }

  /**
   * Whether the device of `actor` may have one more ready connection, which `connection` is to become:
   * one that has none always may.
   */
  hasPlaceFor({ socket }: Connection, actor: Pick<Actor, "deviceId">): boolean {
    const { shares, admission } = this.deps.state;
    return admission.places.deviceHasRoom(shares.sockets(shareKey(actor, socket.peer.source)));
  }

  /** A connection was admitted as `actor`: events, other clients and invokes reach it from now on. */
  ready(connection: Connection, actor: Actor, params: ConnectParams): void {
    const { state, hub, presence, limits, nodes, pairing } = this.deps;
    this.#handshaking.delete(connection);
    state.admission.authenticated(connection);
    this.#upgrades.freed();
    state.registry.add(connection, actor);
    const now = this.deps.world.now();
    state.protocols.admitted(connection, { actor, params, now });
    connection.share = state.shares.join(shareKey(actor, connection.socket.peer.source));
    hub.add(connection, actor, isConfined(actor) ? actor.deviceId : undefined);
    if (params.client.mode !== "cli" && params.client.mode !== "probe") {
      presence.set(connection.id, presenceOf(connection, { actor, params, now }));
    }
    if (actor.role === "node") {
      const pairingOf = (nodeId: string) => pairing.nodePairing(nodeId);
      joinNode(connection, { actor, params }, { nodes, limits, pairingOf });
    }
    if (actor.deviceId === undefined) this.#logDeviceless(connection, actor, params);
    else state.admission.places.know(connection.socket.peer.source);
  }

  #logDeviceless(connection: Connection, actor: Actor, params: ConnectParams): void {
    const { address } = connection.socket.peer;
    const { method, scopes } = actor;
    const facts = { conn: connection.id, address, client: params.client.id, method, scopes };
    const message = "admitted without a device key";
    const { refusalLog } = this.deps.state.telemetry;
    refusalLog.write({ level: "info", kind: "deviceless", facts, message });
  }

  /** Keeps a connection open until the owner decides. The newest one of a device wins. */
  waits(connection: Connection): void {
    if (connection.state.name !== "waiting") return;
    const { requestId, deviceId } = connection.state;
    const { registry, admission } = this.deps.state;
    this.#handshaking.delete(connection);
    // First, so that a device which merely comes again pushes no other one out.
    registry.waiting(deviceId)?.close(closes.waitingReplaced);
    admission.waits(connection);
    this.#upgrades.freed();
    if (!connection.isOpen) return;
    registry.wait(connection, deviceId);
    // The decision may have come while the answer was on its way.
    const why = this.deps.pairing.requests.resolution(requestId, deviceId);
    const pending = this.deps.pairing.pendingOf(deviceId);
    if (why !== undefined && pending?.requestId !== requestId) {
      this.#endWait(connection, requestId, why);
    }
  }

  #resolved({ requestId, deviceId }: DeviceRequest, why: Resolution): void {
    const { registry, telemetry } = this.deps.state;
    if (why === "evicted") telemetry.count("pending-evicted");
    const connection = registry.waiting(deviceId);
    if (connection) this.#endWait(connection, requestId, why);
  }

  #endWait(connection: Connection, requestId: string, why: Resolution): void {
    if (connection.state.name !== "waiting" || connection.state.requestId !== requestId) return;
    const { deviceId } = connection.state;
    if (why === "approved") {
      this.deps.state.registry.unwait(connection, deviceId);
      this.deps.state.admission.resumes(connection);
      this.#challenge(connection);
      return;
    }
    const decision = why === "rejected" || why === "superseded" ? why : "expired";
    const payload = { requestId, deviceId, decision, ts: this.deps.world.now() };
    connection.send(finishEvent(encodeEventHead("device.pair.resolved", payload)));
    connection.close(waitEnds[decision]);
  }

  /** Of devices that are about to end: each is closed once its end is in force. */
  #markRevoked(is: (deviceId: string) => boolean): void {
    for (const connection of this.deps.state.registry.ready) {
      const deviceId = connection.actor?.deviceId;
      if (deviceId !== undefined && is(deviceId)) connection.revoked = true;
    }
  }

  /** Ends the connections of a device, once the answer to the request that ended them went out. */
  #deviceEnded(end: EndedDevice): void {
    const ended = this.deps.state.registry.of(end.deviceId).filter((connection) => {
      return end.role === undefined || connection.role === end.role;
    });
    for (const connection of ended) connection.revoked = true;
    this.deps.world.after(0, () => {
      for (const connection of ended) connection.close(closes.deviceRemoved);
    });
  }

  /** A connection ended; `close` says why, where it was the gateway that closed it. */
  ended(connection: Connection, close: Close | undefined): void {
    const { registry, admission, telemetry, shares, protocols } = this.deps.state;
    this.#handshaking.delete(connection);
    admission.closed(connection);
    this.#upgrades.freed();
    const { state } = connection;
    if (state.name === "waiting") {
      registry.unwait(connection, state.deviceId);
      this.deps.pairing.requests.left(state.deviceId);
    }
    // Not by its state: what it holds may end it while it is made ready.
    if (registry.delete(connection)) {
      if (connection.share) shares.leave(connection.share);
      protocols.left(connection);
      this.deps.hub.delete(connection);
      this.deps.presence.delete(connection.id);
    }
    if (close) telemetry.closed(connection, close);
  }

  /** Every connection that is open, the ready ones first. */
  get all(): Connection[] {
    const { registry } = this.deps.state;
    return [...registry.ready, ...this.#handshaking, ...registry.allWaiting];
  }

  /** Ends its timer and hears of no pairing any more. Connections stay as they are. */
  stop(): void {
    this.#sweep?.cancel();
    this.#stopListening();
  }
}

function presenceOf(
  connection: Connection,
  { actor, params, now }: { actor: Actor; params: ConnectParams; now: number },
): PresenceEntry {
  const { client } = params;
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
    ts: now,
    deviceId: actor.deviceId,
    roles: [actor.role],
    scopes: actor.scopes,
  };
}

const waitEnds = {
  rejected: closes.pairingRejected,
  expired: closes.pairingExpired,
  superseded: closes.pairingSuperseded,
} as const;
