import { join } from "node:path";
import type { AgentApi } from "../agent/agent-api.ts";
import { noAgent } from "../agent/no-agent.ts";
import { devicelessCliMode } from "../config/settings.ts";
import type { Hub } from "../events/hub.ts";
import type { Presence } from "../events/presence.ts";
import type { Dispatcher } from "../gateway/dispatch.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { HealthSummary } from "../gateway/health.ts";
import { SharedSecretChanges } from "../gateway/shared-secret.ts";
import { LoopGauge } from "../host/loop-gauge.ts";
import { machineFacts } from "../host/machine.ts";
import type { LogRing } from "../lib/log-ring.ts";
import { version } from "../lib/version.ts";
import type {
  ConfigService,
  Connections,
  HostInfo,
  Lifecycle,
  SecretService,
  Services,
} from "../methods/services.ts";
import type { Notifier } from "../notify/notifier.ts";
import { DeviceList } from "../pairing/device-list.ts";
import type { Core } from "./core.ts";
import { codeAttempts } from "./lockouts.ts";
import { reachOf } from "./reach.ts";

/** The network side as methods see it; absent where the command line works on stopped state. */
export interface NetworkParts {
  readonly gateway?: Gateway;
  readonly hub?: Hub;
  readonly presence: Presence;
  readonly health: HealthSummary;
  readonly agent: AgentApi;
  readonly loop: LoopGauge;
  readonly logRing: LogRing;
  readonly info: () => HostInfo;
  readonly restart: () => void;
  readonly expectRestart: () => void;
  readonly stop: () => void;
  /** Figures per method, once the dispatcher exists. */
  readonly dispatcher?: () => Dispatcher | undefined;
  readonly notify?: Notifier;
}

/** What `health` and `status` are about besides connections: the same with a network side as without. */
export function makeHealth(core: Core, gateway: Gateway | undefined) {
  const { world } = core;
  const loop = new LoopGauge();
  const agent = noAgent({
    world,
    sessionsPath: join(core.stateDir, "sessions"),
    approvalsPath: join(core.stateDir, "exec-approvals.json"),
  });
  const live = connections(gateway);
  const figures = () => ({
    version,
    phase: gateway?.phase ?? "stopped",
    startedAtMs: core.startedAtMs,
    uptimeMs: core.uptimeMs(),
    connections: {
      ...live.byRole(),
      waiting: live.waiting(),
      unauthenticated: live.unauthenticated(),
    },
    pairing: core.pairing.counts(),
    store: { ok: storeFigures(core).ok },
  });
  const health = new HealthSummary({ world, loop, agent: () => agent.health(), gateway: figures });
  return { loop, agent, health };
}

/** Puts together what methods may use. */
export function makeServices(core: Core, network: NetworkParts): Services {
  const { gateway } = network;
  const { world, limits } = core;
  const live = connections(gateway);
  const state = () => core.documents.pairing.durable;
  return {
    world,
    limits,
    identity: core.secretStore.identity,
    tokenKey: core.secretStore.tokenKey,
    pairing: core.pairing,
    setups: core.setups,
    reach: () => reachOf(core, network.info().listening),
    ssh: core.ssh,
    codes: codeAttempts(core, (metric) => gateway?.count(metric)),
    nodes: core.nodes,
    deviceList: new DeviceList({
      state,
      world,
      now: () => core.pairing.now(),
      limits,
      isConnected: live.isConnected,
    }),
    presence: network.presence,
    health: network.health,
    config: configService(core),
    secrets: secretService(core, gateway),
    agent: network.agent,
    loop: network.loop,
    machine: async () => {
      const facts = await machineFacts(core.stateDir);
      return { ...facts, machineName: core.config.current.gateway.name ?? facts.hostname };
    },
    logs: { file: core.config.started.logging.file ?? "standard output", ring: network.logRing },
    audit: core.audit,
    events: {
      follow: (receiver, actor, names) => network.hub?.follow(receiver, actor, names) ?? false,
      leave: (receiver) => network.hub?.delete(receiver),
    },
    lifecycle: lifecycle(network),
    connections: live,
    store: () => storeFigures(core),
    notify: network.notify,
  };
}

function lifecycle(network: NetworkParts): Lifecycle {
  return {
    get info() {
      return network.info();
    },
    restart: network.restart,
    expectRestart: network.expectRestart,
    stop: network.stop,
  };
}

function configService(core: Core): ConfigService {
  const { config, secretStore } = core;
  return {
    view: () => config.view(),
    write: (wanted, announce) => config.write(wanted, announce),
    change: (wanted, announce) => config.change(wanted, announce),
    get sshTarget() {
      return config.current.gateway.sshTarget;
    },
    get approvesOverSsh() {
      return config.current.gateway.ssh.account !== undefined;
    },
    get devicelessCli() {
      return devicelessCliMode(config.current) === "loopback";
    },
    async migrateSecrets(announce) {
      const { secrets, diff } = await config.secretsInClear();
      const found = Object.keys(secrets) as ("token" | "password")[];
      if (!announce || found.length === 0) return { found, diff, applied: false };
      await announce(found);
      for (const kind of found) await secretStore.setSecret(kind, secrets[kind] ?? "", "migrated");
      await config.dropClearSecrets(found, secrets);
      return { found, diff, applied: true };
    },
  };
}

function secretService(core: Core, gateway: Gateway | undefined): SecretService {
  return new SharedSecretChanges({
    secretStore: core.secretStore,
    document: core.documents.secrets,
    decisions: core.decisions,
    world: core.world,
    pairing: core.pairing,
    gateway,
    dropClearSecret: (kind) => core.config.dropClearSecrets([kind]),
    hasClearSecret: (kind) => core.config.current.gateway.auth[kind] !== undefined,
  });
}

function connections(gateway: Gateway | undefined): Connections {
  return {
    byRole: () => gateway?.registry.byRole() ?? { operator: 0, node: 0 },
    waiting: () => gateway?.admission.waiting ?? 0,
    unauthenticated: () => gateway?.admission.unauthenticated ?? 0,
    isConnected: (deviceId) => gateway?.registry.isConnected(deviceId) ?? false,
    closes: () => gateway?.closes ?? {},
  };
}

function storeFigures(core: Core) {
  const { lastError: failed, commits, journalBytes } = core.state.stats;
  return {
    ok: failed === undefined,
    commits,
    journalBytes,
    ...(failed && { lastError: `${failed.code}: ${failed.message}` }),
  };
}
