import type { Gateway } from "../gateway/gateway.ts";
import type { GatewayLog } from "../gateway/telemetry.ts";
import type { HostInfo } from "../methods/services.ts";
import { closes } from "../protocol/close.ts";
import type { GatewayNote } from "../protocol/note.ts";
import { plainText, typedFact } from "../protocol/text.ts";
import { PeerReader } from "../transport/peer.ts";
import { ProxyWatch } from "../transport/proxy-watch.ts";
import { UwsServer } from "../transport/uws.ts";
import { proxyNote } from "./container-notes.ts";
import type { Core } from "./core.ts";
import type { ServerFacts } from "./facts.ts";
import { openLocalSockets } from "./local-sockets.ts";
import { makeMetrics, notifyMetrics } from "./metrics.ts";
import { keepPulses, makeNetwork, type Network, type NetworkOptions } from "./network.ts";
import { feedNotifier } from "./notify.ts";
import type { ProbeTarget } from "./self-probe.ts";
import { makeWeb } from "./web.ts";
import { follow } from "./wiring.ts";

export interface ServerOptions extends NetworkOptions {
  /** Folder of the page's files. */
  readonly pageFolder: string;
  readonly setLogLevel: (level: string) => void;
  /** Done once it listens, before clients are let in: what must not be done by a start that fails. */
  readonly beforeReady?: () => Promise<void>;
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
  warn(note: GatewayNote): void;
  /** Drains: all connections are told and closed, then all sockets end. */
  close(why: "restart" | "stop"): Promise<void>;
}

const RESTART_EXPECTED_MS = 1500;

/** Builds the network side on an open core and listens. @throws ListenError, ConfigError */
export async function startServer(core: Core, options: ServerOptions): Promise<RunningServer> {
  const network = makeNetwork(core, options);
  const { gateway, facts, services, state } = network;
  const { server, stop } = await makeServer(core, network, options);
  const warn = (note: GatewayNote) => facts.notes.push(note);
  const local = await openLocalSockets(core, { gateway, services, warn, watched: options.watched });
  const listening = await prepare(core, { server, facts }, options.beforeReady).catch(
    async (error) => {
      server.stopListening();
      server.close();
      await local.close();
      throw error;
    },
  );
  state.phase = "ready";
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
    warn,
    close: async (why) => {
      stop();
      await drain({ gateway, server }, why);
      await local.close();
      gateway.stop();
    },
  };
}

/** The transport, with all that follows what happens in the core; `stop` ends the latter. */
async function makeServer(
  core: Core,
  network: Network,
  options: ServerOptions,
): Promise<{ server: UwsServer; stop: () => void }> {
  const { world, limits } = core;
  const { gateway, facts, limiter, notify, presence } = network;
  const peers = new PeerReader(watchProxies(core, facts, options.log));
  const stopNotifying = feedNotifier(core, notify);
  const stopPulses = keepPulses(core, network);
  const stopFollowing = follow(core, { ...options, network, peers });
  const { metrics, close: stopMetrics } = makeMetrics(core, gateway, notifyMetrics(notify));
  const http = await makeWeb(core, {
    gateway,
    facts,
    limiter,
    pageFolder: options.pageFolder,
    metrics: () => metrics.text(),
  });
  const server = new UwsServer({ host: gateway, http, peers, limits, world });
  const stop = () => {
    stopNotifying();
    stopPulses();
    presence.close();
    stopFollowing();
    stopMetrics();
  };
  return { server, stop };
}

/** Tells of a proxy that is not trusted: in the log once, and among the notes while it is so. */
function watchProxies(core: Core, facts: ServerFacts, log: GatewayLog): ProxyWatch {
  const { config, calls, isContainer } = core;
  const noteOf = (address: string) => {
    const trusted = config.current.gateway.trustedProxies;
    const variable = config.overrides.find(({ path }) => path === "gateway.trustedProxies")?.name;
    return proxyNote({ address, trusted, variable, isContainer });
  };
  const watch = new ProxyWatch((address) => {
    const { code, text } = noteOf(address);
    log.warn({ code, ...typedFact(text, calls) }, plainText(text, calls));
  });
  facts.passing = () => (watch.address === undefined ? [] : [noteOf(watch.address)]);
  return watch;
}

/** Listens, and does what must be done before clients are let in. @throws ListenError */
async function prepare(
  core: Core,
  { server, facts }: { server: UwsServer; facts: ServerFacts },
  beforeReady: ServerOptions["beforeReady"],
): Promise<Listening> {
  const listening = await listen(server, core);
  // Who asks over the admin socket meanwhile waits until it is ready there.
  facts.listening = listening.addresses;
  await beforeReady?.();
  return listening;
}

interface Listening {
  /** For people: `http://127.0.0.1:18789`, `unix:/run/gateway.sock`. */
  readonly addresses: string[];
  /** 0 where it listens on a Unix socket alone. */
  readonly port: number;
  readonly probe: ProbeTarget;
}

/** Listens where the configuration says. @throws ListenError */
async function listen(server: UwsServer, core: Core): Promise<Listening> {
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

/** Takes no more connections, lets requests under way be answered, closes all connections. */
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
