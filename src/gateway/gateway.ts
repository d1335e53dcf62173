import type { Hub } from "../events/hub.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { type Close, closes } from "../protocol/close.ts";
import type { RequestFrame } from "../protocol/frames.ts";
import type { AdmissionControl } from "./admission.ts";
import { Connection, type ConnectionHost } from "./connection.ts";
import type { Dispatcher } from "./dispatch.ts";
import type { Handshake } from "./handshake.ts";
import type { MemoryAccount } from "./memory.ts";
import type { Places } from "./places.ts";
import type { ConnectionPool } from "./pool.ts";
import type { Registry } from "./registry.ts";
import type { RuntimeState } from "./runtime-state.ts";
import type { Peer, Socket } from "./socket.ts";
import type { PendingUpgrade } from "./upgrade-queue.ts";

const DRAIN_POLL_MS = 10;

export interface GatewayDeps {
  readonly world: World;
  readonly limits: Limits;
  readonly hub: Hub;
  readonly state: RuntimeState;
  readonly pool: ConnectionPool;
  readonly handshake: Handshake;
  readonly dispatcher: Dispatcher;
}

/** What transports hand sockets to: its connects go to the handshake, its requests to the dispatcher. */
export class Gateway implements ConnectionHost {
  readonly limits: Limits;
  readonly state: RuntimeState;
  readonly dispatcher: Dispatcher;

  constructor(private readonly deps: GatewayDeps) {
    this.limits = deps.limits;
    this.state = deps.state;
    this.dispatcher = deps.dispatcher;
  }

  get admission(): AdmissionControl {
    return this.state.admission;
  }

  /** Where transports say what sockets there are. */
  get places(): Places {
    return this.state.admission.places;
  }

  get memory(): MemoryAccount {
    return this.state.memory;
  }

  get registry(): Registry {
    return this.state.registry;
  }

  /** How often each close and refusal happened, by its metric. */
  get closes(): Record<string, number> {
    return this.state.telemetry.closes;
  }

  /** Opens or refuses an upgrade, now or later. Returns how to leave before that. */
  requestUpgrade(peer: Peer, upgrade: PendingUpgrade): () => void {
    return this.deps.pool.requestUpgrade(peer.source, upgrade);
  }

  /** A transport opened a socket: it is challenged at once. */
  open(socket: Socket): Connection {
    const connection = new Connection(this.deps.world.uuid(), socket, this);
    this.deps.pool.opened(connection);
    return connection;
  }

  connect(connection: Connection, frame: RequestFrame, nonce: string): void {
    this.deps.handshake.run(connection, frame, nonce).catch((error: unknown) => {
      // Not even the refusal could be sent. One broken connection must not end the process.
      this.failed("a connect failed", { conn: connection.id, err: error });
      connection.socket.drop();
    });
  }

  request(connection: Connection, frame: RequestFrame): void {
    const { actor } = connection;
    if (!actor) return;
    if (this.dispatcher.dispatch(connection, actor, frame)) {
      connection.unauthorized = 0;
      return;
    }
    connection.unauthorized += 1;
    if (connection.unauthorized > this.limits.unauthorizedCalls) {
      connection.close(closes.unauthorizedFlood);
    }
  }

  ended(connection: Connection, close: Close | undefined): void {
    this.deps.pool.ended(connection, close);
  }

  after(ms: number, run: () => void): void {
    this.deps.world.after(ms, run);
  }

  /**
   * Logs a defect of ours. Bounded, so that a client that causes it again and again fills no disk.
   */
  failed(message: string, facts: object): void {
    this.state.telemetry.failed(message, facts);
  }

  count(metric: string): void {
    this.state.telemetry.count(metric);
  }

  /**
   * Refuses new connects, sends the event `shutdown`, lets running requests be answered, then
   * closes all connections.
   */
  async drain(reason: string, close: Close, restartExpectedMs?: number): Promise<void> {
    this.state.phase = "draining";
    this.deps.pool.refuseUpgrades(draining);
    const more = restartExpectedMs === undefined ? {} : { restartExpectedMs };
    this.deps.hub.publish("shutdown", { reason, ...more });
    await this.#answered();
    await this.#closeInTurns(this.deps.pool.all, close);
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
    while (this.dispatcher.busy > 0 && world.monotonic() < deadline) {
      await this.#pause(DRAIN_POLL_MS);
    }
  }

  /** Ends its timers and writes what the logs hold back. */
  stop(): void {
    this.deps.pool.stop();
    this.state.telemetry.flush();
  }
}

const draining = {
  status: "503 Service Unavailable",
  text: "The gateway is stopping",
  metric: "draining-refused",
};
