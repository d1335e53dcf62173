import { join } from "node:path";
import type { AgentApi } from "../agent/agent-api.ts";
import { noAgent } from "../agent/no-agent.ts";
import { devicelessCliMode, gatewayName } from "../config/settings.ts";
import type { Hub } from "../events/hub.ts";
import type { Presence } from "../events/presence.ts";
import { HealthSummary, storeFigures } from "../gateway/health.ts";
import { codeAttempts } from "../gateway/lockouts.ts";
import { Holding } from "../gateway/memory.ts";
import type { RuntimeState } from "../gateway/runtime-state.ts";
import { SharedSecretChanges } from "../gateway/shared-secret.ts";
import { LoopGauge } from "../host/loop-gauge.ts";
import { machineFacts } from "../host/machine.ts";
import type { LogRing } from "../lib/log-ring.ts";
import { version } from "../lib/version.ts";
import { reachOf } from "../methods/reach.ts";
import type {
  ConfigService,
  Connections,
  HostInfo,
  Lifecycle,
  SecretService,
  Services,
} from "../methods/services.ts";
import { KeptAnswers } from "../nodes/kept-answers.ts";
import type { Notifier } from "../notify/notifier.ts";
import { DeviceList } from "../pairing/device-list.ts";
import type { Core } from "./core.ts";

/** What methods use beside the core: made anew for the command line on stopped state too. */
export interface ServiceParts {
  readonly state: RuntimeState;
  readonly hub: Hub;
  readonly presence: Presence;
  readonly health: HealthSummary;
  readonly agent: AgentApi;
  readonly loop: LoopGauge;
  readonly logRing: LogRing;
  readonly info: () => HostInfo;
  readonly restart: () => void;
  readonly expectRestart: () => void;
  readonly stop: () => void;
  /** Absent where the gateway does not run. */
  readonly notify?: Notifier;
}

/**
 * What `health` and `status` are about: the agent, the event loop, and a summary of all. `phase` says where
 * the gateway stands, `stopped` where none runs.
 */
export function makeHealth(core: Core, state: RuntimeState, phase: () => string) {
  const { world } = core;
  const loop = new LoopGauge();
  const agent = noAgent({
    world,
    sessionsPath: join(core.stateDir, "sessions"),
    approvalsPath: join(core.stateDir, "exec-approvals.json"),
    workspacePath: join(core.stateDir, "workspace"),
    skillsPath: join(core.stateDir, "skills"),
  });
  const live = connections(state);
  const figures = () => ({
    version,
    phase: phase(),
    startedAtMs: core.startedAtMs,
    uptimeMs: core.uptimeMs(),
    connections: {
      ...live.byRole(),
      waiting: live.waiting(),
      unauthenticated: live.unauthenticated(),
    },
    pairing: core.pairing.counts(),
    store: { ok: storeFigures(core.state.stats).ok },
  });
  const health = new HealthSummary({ world, loop, agent: () => agent.health(), gateway: figures });
  return { loop, agent, health };
}

/** Puts together what methods may use. */
export function makeServices(core: Core, parts: ServiceParts): Services {
  const { state, hub } = parts;
  const { world, limits } = core;
  const live = connections(state);
  return {
    world,
    limits,
    identity: core.secretStore.identity,
    tokenKey: core.secretStore.tokenKey,
    pairing: core.pairing,
    requests: core.pairing.requests,
    setups: core.setups,
    reach: () => reachOf(core.config, parts.info().listening, core.isContainer),
    ssh: core.ssh,
    codes: codeAttempts(core, (metric) => state.telemetry.count(metric)),
    nodes: core.nodes,
    invokeAnswers: invokeAnswers(core, state),
    deviceList: new DeviceList({
      state: () => core.documents.pairing.durable,
      requests: () => core.pairing.requests.all("device"),
      world,
      now: () => core.pairing.now(),
      limits,
      isConnected: live.isConnected,
    }),
    presence: parts.presence,
    health: parts.health,
    config: configService(core),
    configTrail: core.configTrail,
    secrets: secretService(core, state),
    agent: parts.agent,
    loop: parts.loop,
    machine: async () => {
      const facts = await machineFacts(core.stateDir);
      return { ...facts, machineName: gatewayName(core.config.current, facts.hostname) };
    },
    logs: { file: core.config.started.logging.file ?? "standard output", ring: parts.logRing },
    audit: core.audit,
    events: {
      follow: (receiver, actor, names) => hub.follow(receiver, actor, names),
      leave: (receiver) => hub.delete(receiver),
    },
    lifecycle: lifecycle(parts),
    connections: live,
    store: () => storeFigures(core.state.stats),
    notify: parts.notify,
  };
}

function invokeAnswers({ world, limits }: Core, { memory, telemetry }: RuntimeState): KeptAnswers {
  return new KeptAnswers({
    world,
    limits,
    hold: (who, drop) => {
      const holding = new Holding(who, drop, false);
      return (bytes) => memory.set(holding, bytes);
    },
    refused: (metric) => telemetry.count(metric),
  });
}

function lifecycle(parts: ServiceParts): Lifecycle {
  return {
    get info() {
      return parts.info();
    },
    restart: parts.restart,
    expectRestart: parts.expectRestart,
    stop: parts.stop,
  };
}

function configService({ config }: Core): ConfigService {
  return {
    look: () => config.look(),
    view: (shown) => config.view(shown),
    exclusive: (work) => config.exclusive(work),
    get sshTarget() {
      return config.current.gateway.sshTarget;
    },
    get approvesOverSsh() {
      return config.current.gateway.ssh.account !== undefined;
    },
    get devicelessCli() {
      return devicelessCliMode(config.current) === "loopback";
    },
  };
}

function secretService(core: Core, { registry }: RuntimeState): SecretService {
  return new SharedSecretChanges({
    secretStore: core.secretStore,
    document: core.documents.secrets,
    decisions: core.decisions,
    world: core.world,
    pairing: core.pairing,
    registry,
    config: core.config,
    configTrail: core.configTrail,
    hasClearSecret: (kind) => core.config.current.gateway.auth[kind] !== undefined,
  });
}

function connections({ registry, admission, telemetry, protocols }: RuntimeState): Connections {
  return {
    byRole: () => registry.byRole(),
    waiting: () => admission.waiting,
    unauthenticated: () => admission.unauthenticated,
    isConnected: (deviceId) => registry.isConnected(deviceId),
    protocols: () => ({
      protocols: Object.fromEntries(protocols.counts),
      olderClients: protocols.older,
    }),
    closes: () => telemetry.closes,
  };
}
