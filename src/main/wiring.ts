import type { GatewayConfig } from "../config/schema.ts";
import { devicelessCliMode } from "../config/settings.ts";
import type { Hub } from "../events/hub.ts";
import type { Gateway, GatewayLog } from "../gateway/gateway.ts";
import { Handshake, type HandshakePolicy } from "../gateway/handshake.ts";
import { Hello } from "../gateway/hello.ts";
import { greetNode, joinNode } from "../gateway/node-session.ts";
import { closeAdmittedBy } from "../gateway/shared-secret.ts";
import type { FailureLimiter } from "../lib/limiter.ts";
import { pendingRow } from "../methods/device-rows.ts";
import { allMethods } from "../methods/index.ts";
import type { Services } from "../methods/services.ts";
import { closes } from "../protocol/close.ts";
import type { PeerReader } from "../transport/peer.ts";
import { publicCommand } from "../words/command.ts";
import type { Core } from "./core.ts";
import { nodeNews } from "./node-news.ts";
import { pairingLog } from "./pairing-log.ts";

type HandshakeParts = {
  gateway: Gateway;
  services: Services;
  limiter: FailureLimiter;
};

/** The handshake on an open core. */
export function makeHandshake(core: Core, parts: HandshakeParts): Handshake {
  const { world, limits, pairing, setups, secrets, secretStore } = core;
  const { gateway, services, limiter } = parts;
  const joining = {
    nodes: core.nodes,
    limits,
    pairingOf: (nodeId: string) => pairing.nodePairing(nodeId),
  };
  const kind = () => core.config.current.gateway.auth.mode;
  return new Handshake({
    world,
    limits,
    pairing,
    setups,
    secrets,
    services,
    tokenKey: secretStore.tokenKey,
    command: publicCommand(core.command),
    limiter,
    hello: new Hello({
      methods: allMethods,
      services,
      limits,
      bootId: world.uuid(),
      authMode: kind,
    }),
    policy: () => policyOf(core),
    sshWay: () => core.config.current.gateway,
    phase: () => gateway.phase,
    secretEpoch: () => secrets.epoch(kind()),
    ready: (connection, actor, params) => {
      gateway.ready(connection, actor, params);
      if (actor.role === "node") joinNode(connection, { actor, params }, joining);
      if (actor.deviceId !== undefined) return;
      const { address } = connection.socket.peer;
      const { method, scopes } = actor;
      const facts = { conn: connection.id, address, client: params.client.id, method, scopes };
      const message = "admitted without a device key";
      gateway.refusalLog.write({ level: "info", kind: "deviceless", facts, message });
    },
    greeted: (connection, actor) => {
      if (actor.role === "node") greetNode(connection);
    },
    waits: (connection) => gateway.waits(connection),
    refused: (connection, refusal) => {
      const { address } = connection.socket.peer;
      const code = String(refusal.error.details?.["code"] ?? refusal.error.code);
      gateway.countRefusal(code);
      // The request itself has a line (pairing-log.ts); one for each of its retries tells nothing.
      if (code === "PAIRING_REQUIRED") return;
      const facts = { conn: connection.id, address, code };
      const { message } = refusal.error;
      gateway.refusalLog.write({ level: "info", kind: refusal.close.metric, facts, message });
    },
    defect: (what, error) => gateway.failed("a connect failed", { what, err: error }),
  });
}

function policyOf(core: Core): HandshakePolicy {
  const { current } = core.config;
  const { auth, pairing, controlUi, publicUrl } = current.gateway;
  return {
    secretKind: auth.mode,
    pairingOpen: pairing.open,
    hasPublicUrl: publicUrl !== undefined,
    devicelessCli: devicelessCliMode(current),
    origins: { allowed: controlUi.allowedOrigins, publicUrl },
  };
}

/** Ends connections without a device key that the configuration in force would not admit as they are. */
function endDeviceless(gateway: Gateway, config: GatewayConfig): void {
  const { mode } = config.gateway.auth;
  const never = devicelessCliMode(config) === "never";
  gateway.closeWhere(
    ({ deviceId, method, scopes }) =>
      deviceId === undefined && (method !== mode || (never && scopes.length > 0)),
    closes.authChanged,
  );
}

/** What `/readyz` says. */
export function readiness(core: Core, gateway: Gateway) {
  const failing: string[] = [];
  if (gateway.phase !== "ready") failing.push(gateway.phase);
  if (core.state.stats.lastError !== undefined) failing.push("store");
  const uptimeMs = core.uptimeMs();
  return { ready: failing.length === 0, failing, uptimeMs };
}

/** Publishes what happens, and applies configuration changes. Returns how to stop. */
export function follow(
  core: Core,
  parts: {
    gateway: Gateway;
    hub: Hub;
    peers: PeerReader;
    /** The gateway's own name changed. */
    renamed: () => void;
    setLogLevel: (level: string) => void;
    log: GatewayLog;
  },
): () => void {
  const { hub, peers, gateway } = parts;
  const { pairing, config, world } = core;
  peers.trust(config.current.gateway.trustedProxies);
  const stopPairing = pairing.listen({
    requested: (pending) => {
      const { deviceId } = pending;
      const row = pendingRow(pending, pairing.device(deviceId));
      hub.publishAbout(deviceId, "device.pair.requested", row);
    },
    resolved: (pending, why) => {
      const { requestId, deviceId } = pending;
      const decision = why === "approved" ? "approved" : "rejected";
      const ts = world.now();
      const facts = { requestId, deviceId, decision, why, ts };
      hub.publishAbout(deviceId, "device.pair.resolved", facts);
    },
    renamed: () => hub.publish("device.pair.changed", {}),
  });
  const stopSetups = core.setups.listen((end, outcome) => {
    hub.publishAbout(outcome.deviceId, setupEvents[end], outcome);
  });
  const stopLog = pairing.listen(pairingLog(core, parts));
  const stopNodes = core.nodes.listen(nodeNews(core, parts));
  const stopConfig = config.listen((changed, next) => {
    peers.trust(next.gateway.trustedProxies);
    parts.setLogLevel(next.logging.level);
    for (const { path } of changed) {
      if (path === "gateway.name") parts.renamed();
      if (path.startsWith("gateway.nodes.commands.")) core.nodes.policyChanged();
      if (path === "gateway.auth.token") closeAdmittedBy(gateway, "token");
      if (path === "gateway.auth.password") closeAdmittedBy(gateway, "password");
    }
    endDeviceless(gateway, next);
    hub.publish("config.changed", { path: config.path, hash: config.hash, ts: world.now() });
  });
  config.watch();
  return () => {
    stopPairing();
    stopSetups();
    stopLog();
    stopNodes();
    stopConfig();
  };
}

/** What the ends of setup codes are called on the wire. */
const setupEvents = {
  completed: "device.pair.setup.completed",
  uncertain: "device.pair.setup.deliveryUncertain",
} as const;
