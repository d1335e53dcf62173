import { hostname } from "node:os";
import { Hub } from "../events/hub.ts";
import { Presence } from "../events/presence.ts";
import { Pulse } from "../events/pulse.ts";
import { Dispatcher } from "../gateway/dispatch.ts";
import { Gateway, type GatewayLog } from "../gateway/gateway.ts";
import type { Supervisor } from "../host/supervisor.ts";
import type { LogRing } from "../lib/log-ring.ts";
import { version } from "../lib/version.ts";
import { allMethods } from "../methods/index.ts";
import type { Watched } from "../methods/method.ts";
import type { HostInfo } from "../methods/services.ts";
import { closes } from "../protocol/close.ts";
import { PeerReader } from "../transport/peer.ts";
import { UwsServer } from "../transport/uws.ts";
import type { Core } from "./core.ts";
import { ServerFacts } from "./facts.ts";
import { openLocalSockets } from "./local-sockets.ts";
import { failureLimiter } from "./lockouts.ts";
import { makeMetrics, notifyMetrics } from "./metrics.ts";
import { followRequests, makeNotifier } from "./notify.ts";
import type { ProbeTarget } from "./self-probe.ts";
import { makeHealth, makeServices } from "./services.ts";
import { makeWeb } from "./web.ts";
import { follow, makeHandshake } from "./wiring.ts";

export interface ServerOptions {
  readonly log: GatewayLog;
  /** The last lines of the log, for clients. */
  readonly logRing: LogRing;
  readonly supervisor: Supervisor;
  /** Folder of the page's files. */
  readonly pageFolder: string;
  readonly setLogLevel: (level: string) => void;
  /** Done once it listens, before anybody is let in: what must not be done by a start that fails. */
  readonly beforeReady?: () => Promise<void>;
  /** Called when someone asked for a restart or stop. */
  readonly ask: (what: "restart" | "stop") => void;
  /** Called when a supervisor will restart this process. */
  readonly expectRestart: () => void;
  /** What stands in for a method: tests look at every answer. */
  readonly watched?: Watched;
}

/** A gateway that accepts connections. */
export interface RunningServer {
  readonly info: HostInfo;
  readonly gateway: Gateway;
  /** The TCP port it listens on. */
  readonly port: number;
  /** Where it can be asked whether it lives. */
  readonly probe: ProbeTarget;
  /** Sockets that were closed without an answer so far, because there were too many. */
  readonly turnedAway: number;
  /** Adds a warning that `host.info` and `status` show. */
  warn(warning: string): void;
  /** Drains: everyone is told and closed, then all sockets end. */
  close(why: "restart" | "stop"): Promise<void>;
}

const RESTART_EXPECTED_MS = 1500;

/** Builds the network side on an open core and listens. @throws ListenError */
export async function startServer(core: Core, options: ServerOptions): Promise<RunningServer> {
  const { world, limits, pairing } = core;
  const { log, watched } = options;
  const hub = new Hub();
  const presence = new Presence({
    world,
    limits,
    self: { host: ownName(core), version, mode: "gateway", reason: "self", ts: world.now() },
    audience: () => hub.audience("presence"),
    publish: (payload, v, to) => hub.publish("presence", payload, versions(v), to),
  });
  const versions = (v: number) => ({ presence: v, health: health.version });
  const gateway = new Gateway({ world, limits, hub, presence, pairing, log });
  const { health, ...rest } = makeHealth(core, gateway);
  const stopPulses = keepPulses(core, hub, () => {
    hub.publish("health", health.refresh(), versions(presence.version));
  });
  const notify = makeNotifier(core, { gateway, log });
  const stopNotifying = followRequests(core, notify);
  const facts = new ServerFacts(core, options.supervisor);
  const services = makeServices(core, {
    gateway,
    hub,
    presence,
    health,
    ...rest,
    logRing: options.logRing,
    info: () => facts.info(),
    restart: () => options.ask("restart"),
    expectRestart: options.expectRestart,
    stop: () => options.ask("stop"),
    notify,
  });
  gateway.dispatcher = new Dispatcher({
    methods: watched ? allMethods.map(watched) : allMethods,
    services,
    maxInFlight: limits.requestsInFlight,
    monotonic: () => world.monotonic(),
    defect: (method, error) => gateway.failed("a request failed", { method, err: error }),
    refused: (metric) => gateway.count(metric),
  });
  const limiter = failureLimiter(core);
  gateway.handshake = makeHandshake(core, { gateway, services, limiter });
  const peers = new PeerReader();
  const stopFollowing = follow(core, {
    gateway,
    hub,
    peers,
    renamed: () => presence.rename(ownName(core)),
    setLogLevel: options.setLogLevel,
    log,
  });
  const { pageFolder } = options;
  const { metrics, close: stopMetrics } = makeMetrics(core, gateway, notifyMetrics(notify));
  const http = await makeWeb(core, {
    gateway,
    facts,
    limiter,
    pageFolder,
    metrics: () => metrics.text(),
  });
  const server = new UwsServer({
    host: gateway,
    http,
    peers,
    limits,
    monotonic: () => world.monotonic(),
  });
  const local = await openLocalSockets(core, {
    gateway,
    services,
    ...(watched && { watched }),
    warn: (w) => facts.warnings.push(w),
  });
  const prepared = async () => {
    const listening = await listen(server, core);
    // Who asks over the admin socket meanwhile waits until it is ready there.
    facts.listening = listening.addresses;
    await options.beforeReady?.();
    return listening;
  };
  const listening = await prepared().catch(async (error) => {
    server.stopListening();
    server.close();
    await local.close();
    throw error;
  });
  gateway.phase = "ready";
  return {
    get info() {
      return facts.info();
    },
    gateway,
    port: listening.port,
    probe: listening.probe,
    get turnedAway() {
      const { closes } = gateway;
      return (closes["connections-refused"] ?? 0) + (closes["silent-refused"] ?? 0);
    },
    warn: (warning) => facts.warnings.push(warning),
    close: async (why) => {
      stopNotifying();
      stopPulses();
      presence.close();
      stopFollowing();
      stopMetrics();
      await drain({ gateway, server }, why);
      await local.close();
      gateway.stop();
    },
  };
}

/** What everybody gets again and again, while there is anybody. Returns how to stop. */
function keepPulses({ world, limits }: Core, hub: Hub, tellHealth: () => void): () => void {
  const tick = () => hub.publish("tick", { ts: world.now() });
  const pulses = [
    new Pulse({ world, ms: limits.tickMs, beat: tick }),
    new Pulse({ world, ms: limits.healthMs, beat: tellHealth }),
  ];
  hub.occupied = (yes) => {
    for (const pulse of pulses) pulse.run(yes);
  };
  return () => {
    hub.occupied = () => {};
    for (const pulse of pulses) pulse.close();
  };
}

/** What devices see this gateway as. */
function ownName(core: Core): string {
  return core.config.current.gateway.name ?? hostname();
}

/** Listens where the configuration says; returns the addresses, for people. */
async function listen(
  server: UwsServer,
  core: Core,
): Promise<{ addresses: string[]; port: number; probe: ProbeTarget }> {
  const { bind, port, socket } = core.config.current.gateway;
  const addresses: string[] = [];
  if (socket !== undefined) {
    await server.listenUnix(socket);
    addresses.push(`unix:${socket}`);
    if (bind === "none") return { addresses, port: 0, probe: { socketPath: socket } };
  }
  const address = bind === "loopback" ? "127.0.0.1" : bind === "lan" ? "0.0.0.0" : bind;
  const actual = await server.listen(address, port);
  addresses.push(`http://${address.includes(":") ? `[${address}]` : address}:${actual}`);
  // A browser may resolve localhost to ::1; where there is no IPv6, 127.0.0.1 alone is fine.
  if (bind === "loopback") await server.listen("::1", actual).catch(() => undefined);
  const host = bind === "lan" ? "127.0.0.1" : address;
  return { addresses, port: actual, probe: { host, port: actual } };
}

/** Takes no more connections, lets what runs be answered, closes everyone. */
async function drain(
  parts: { gateway: Gateway; server: UwsServer },
  why: "restart" | "stop",
): Promise<void> {
  const { gateway, server } = parts;
  server.stopListening();
  if (why === "restart") {
    await gateway.drain("gateway restarting", closes.serviceRestart, RESTART_EXPECTED_MS);
  } else {
    await gateway.drain("gateway stopping", closes.serviceStop);
  }
  server.close();
}
