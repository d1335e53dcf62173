import { hostname } from "node:os";
import { gatewayName } from "../config/settings.ts";
import { Hub } from "../events/hub.ts";
import { Presence } from "../events/presence.ts";
import { Pulse, pulseWhileOccupied } from "../events/pulse.ts";
import { Dispatcher } from "../gateway/dispatch.ts";
import { Gateway } from "../gateway/gateway.ts";
import { Handshake, handshakePolicy } from "../gateway/handshake.ts";
import { Hello } from "../gateway/hello.ts";
import { failureLimiter } from "../gateway/lockouts.ts";
import { ConnectionPool } from "../gateway/pool.ts";
import { RuntimeState } from "../gateway/runtime-state.ts";
import type { GatewayLog } from "../gateway/telemetry.ts";
import type { Supervisor } from "../host/supervisor.ts";
import type { FailureLimiter } from "../lib/limiter.ts";
import type { LogRing } from "../lib/log-ring.ts";
import { version } from "../lib/version.ts";
import { allMethods } from "../methods/index.ts";
import type { Watched } from "../methods/method.ts";
import type { Health, Services } from "../methods/services.ts";
import type { Notifier } from "../notify/notifier.ts";
import { OPENCLAW } from "../protocol/command.ts";
import { publicCommand } from "../words/command.ts";
import type { Core } from "./core.ts";
import { ServerFacts } from "./facts.ts";
import { makeNotifier } from "./notify.ts";
import { makeHealth, makeServices } from "./services.ts";

export interface NetworkOptions {
  readonly log: GatewayLog;
  /** The last lines of the log, for clients. */
  readonly logRing: LogRing;
  readonly supervisor: Supervisor;
  /** Called when a restart or stop was asked for. */
  readonly ask: (what: "restart" | "stop") => void;
  /** Called when a supervisor will restart this process. */
  readonly expectRestart: () => void;
  /** What stands in for a method: tests look at every answer. */
  readonly watched?: Watched;
}

/** All that serves clients, before anything listens. */
export interface Network {
  readonly state: RuntimeState;
  readonly hub: Hub;
  readonly presence: Presence;
  readonly health: Health & { refresh(): unknown };
  readonly notify: Notifier;
  readonly facts: ServerFacts;
  readonly services: Services;
  /** Counts wrong credentials, of connects and HTTP requests together. */
  readonly limiter: FailureLimiter;
  readonly gateway: Gateway;
}

/** Makes the network side of an open core, each part after those that it needs. */
export function makeNetwork(core: Core, options: NetworkOptions): Network {
  const { world, limits, pairing, nodes } = core;
  const { log, ask } = options;
  const state = new RuntimeState({ world, limits, log });
  for (const source of pairing.lastSources(limits.knownAddresses)) {
    state.admission.places.know(source);
  }
  const hub = new Hub();
  const health = makeHealth(core, state, () => state.phase);
  const presence = makePresence(core, hub, health);
  const facts = new ServerFacts(core, options.supervisor);
  const pool = new ConnectionPool({ world, limits, state, hub, presence, pairing, nodes });
  const notify = makeNotifier(core, { telemetry: state.telemetry, log });
  const services = makeServices(core, {
    state,
    hub,
    presence,
    ...health,
    notify,
    logRing: options.logRing,
    info: () => facts.info(),
    restart: () => ask("restart"),
    stop: () => ask("stop"),
    expectRestart: options.expectRestart,
  });
  const limiter = failureLimiter(core);
  const dispatcher = makeDispatcher(core, services, { ...options, state });
  const handshake = makeHandshake(core, { state, pool, services, limiter });
  const gateway = new Gateway({ world, limits, hub, state, pool, handshake, dispatcher });
  return { state, hub, presence, health: health.health, notify, facts, services, limiter, gateway };
}

function makePresence(core: Core, hub: Hub, { health }: { health: Health }): Presence {
  const { world, limits, config } = core;
  const host = gatewayName(config.current, hostname());
  return new Presence({
    world,
    limits,
    self: { host, version, mode: "gateway", reason: "self", ts: world.now() },
    audience: () => hub.audience("presence"),
    publish: (payload, presence, to) => {
      hub.publish("presence", payload, { version: { presence, health: health.version }, to });
    },
  });
}

function makeDispatcher(
  core: Core,
  services: Services,
  { state: { telemetry }, watched }: Pick<NetworkOptions, "watched"> & { state: RuntimeState },
): Dispatcher {
  return new Dispatcher({
    methods: watched ? allMethods.map(watched) : allMethods,
    services,
    maxInFlight: core.limits.requestsInFlight,
    perDevice: { requests: core.limits.deviceRequests, chars: core.limits.deviceRequestChars },
    monotonic: () => core.world.monotonic(),
    ...(core.command !== OPENCLAW && { command: publicCommand(core.command) }),
    defect: (method, error) => telemetry.failed("a request failed", { method, err: error }),
    refused: (metric) => telemetry.count(metric),
  });
}

function makeHandshake(
  core: Core,
  parts: {
    state: RuntimeState;
    pool: ConnectionPool;
    services: Services;
    limiter: FailureLimiter;
  },
): Handshake {
  const { world, limits, pairing, setups, secrets, secretStore, config } = core;
  const hello = new Hello({
    methods: allMethods,
    services: parts.services,
    limits,
    bootId: world.uuid(),
    authMode: () => config.current.gateway.auth.mode,
  });
  return new Handshake({
    ...parts,
    world,
    limits,
    pairing,
    setups,
    secrets,
    hello,
    tokenKey: secretStore.tokenKey,
    command: publicCommand(core.command),
    policy: () => handshakePolicy(config.current),
    sshWay: () => config.current.gateway,
  });
}

/** Sends `tick` and `health` at their intervals while a client is connected. Returns how to stop. */
export function keepPulses({ world, limits, config }: Core, network: Network): () => void {
  const { hub, health, presence } = network;
  // Where the file's changes are not told they are found with what is sent anyway.
  let lookedAt = Number.NEGATIVE_INFINITY;
  const look = () => {
    lookedAt = world.monotonic();
    void config.look().catch(() => undefined);
  };
  const tick = () => {
    hub.publish("tick", { ts: world.now() });
    look();
  };
  const tellHealth = () => {
    const payload = health.refresh();
    const version = { presence: presence.version, health: health.version };
    hub.publish("health", payload, { version });
  };
  const stopPulses = pulseWhileOccupied(hub, [
    new Pulse({ world, ms: limits.tickMs, beat: tick }),
    new Pulse({ world, ms: limits.healthMs, beat: tellHealth }),
  ]);
  // No more often than with ticks: where clients come and go each may be the first one.
  const stopLooking = hub.onOccupied((occupied) => {
    if (occupied && world.monotonic() - lookedAt >= limits.tickMs) look();
  });
  return () => {
    stopPulses();
    stopLooking();
  };
}
