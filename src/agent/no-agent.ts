import type { World } from "../lib/world.ts";
import { openclaw } from "../protocol/command.ts";
import { invalidRequest, RequestError, wireDetails } from "../protocol/errors.ts";
import { say } from "../protocol/text.ts";
import { type AgentAnswers, type AgentApi, wholeKey } from "./agent-api.ts";
import { pageAnswers } from "./no-agent-pages.ts";

const MAIN = "main";

interface Deps {
  readonly world: Pick<World, "now" | "uuid">;
  /** Where sessions would be kept. */
  readonly sessionsPath: string;
  /** Where approvals of commands would be kept. */
  readonly approvalsPath: string;
  /** Where an agent's files would be kept. */
  readonly workspacePath: string;
  /** Where skills would be kept. */
  readonly skillsPath: string;
}

/**
 * The agent's side of a gateway that has no agent: lists are empty, the default agent has its name,
 * and what would need an agent is refused with what to do.
 */
export function noAgent(deps: Deps): AgentApi {
  const answers: AgentAnswers = {
    ...agents,
    ...sessions(deps),
    ...conversation,
    ...work(deps),
    ...approvals(deps),
    ...surroundings(deps),
    ...pageAnswers({ ...deps, named }),
  };
  return {
    answers,
    health: () => ({
      channels: {},
      channelOrder: [],
      channelLabels: {},
      heartbeatSeconds: 0,
      defaultAgentId: MAIN,
      agents: [],
      // Every client gets it, nodes too: where on this machine it is concerns none of them.
      sessions: { path: "sessions", count: 0, recent: [] },
    }),
    status: ({ includeCliProjection = false }) => ({
      ...idleStatus,
      ...(includeCliProjection && { cliProjection }),
    }),
    sessionDefaults: () => ({
      defaultAgentId: MAIN,
      modelConfigured: false,
      ownership: "sole",
      selectionRequired: false,
      mainKey: MAIN,
      mainSessionKey: wholeKey(MAIN, MAIN),
      scope: "per-sender",
    }),
    tell: refuse,
  };
}

const idleStatus = {
  heartbeat: { defaultAgentId: MAIN, agents: [] },
  channelSummary: [],
  queuedSystemEvents: [],
  tasks: { total: 0, active: 0, terminal: 0, failures: 0, byStatus: {}, byRuntime: {} },
  taskAudit: { total: 0, warnings: 0, errors: 0, byCode: {} },
  sessions: {
    paths: [],
    count: 0,
    defaults: { model: null, contextTokens: null },
    recent: [],
    byAgent: [],
  },
};

const cliProjection = {
  agents: { defaultId: MAIN, ownership: "sole", selectionRequired: false, rows: [{ id: MAIN }] },
  updateChannel: null,
  memoryPlugin: { enabled: false, slot: null, reason: "no agent is configured" },
};

/**
 * Refuses because this gateway has no agent. Trying again changes nothing, so the error is not
 * `retryable`.
 * @throws RequestError always
 */
function refuse(): never {
  throw new RequestError({
    code: "UNAVAILABLE",
    message:
      "no agent is configured on this gateway, so nobody can answer; devices, nodes and events work without one",
    details: wireDetails({
      code: "NO_AGENT",
      next: say`send this to a gateway with an agent, or pair a client that runs one: ${openclaw`devices invite`}`,
    }),
  });
}

/** The agent a call is about; there is only the default one. */
function named(agentId: string | undefined, sessionKey?: string | undefined): string {
  const id = agentId ?? /^agent:([^:]+):/.exec(sessionKey ?? "")?.[1] ?? MAIN;
  if (id !== MAIN) throw invalidRequest("unknown agent id");
  return id;
}

const agents = {
  "agents.list": () => ({
    defaultId: MAIN,
    ownership: "sole",
    selectionRequired: false,
    mainKey: MAIN,
    scope: "per-sender",
    agents: [{ id: MAIN }],
  }),
  "agent.identity.get": ({ agentId, sessionKey }) => ({
    agentId: named(agentId, sessionKey),
    name: "Assistant",
    avatar: "A",
  }),
  agent: refuse,
  "agent.wait": refuse,
  "models.list": () => ({ models: [] }),
  "commands.list": () => ({ commands: [] }),
} satisfies Partial<AgentAnswers>;

function sessions({ world, sessionsPath }: Deps) {
  const list = ({ limit = 100 }: { readonly limit?: number }) => ({
    ts: world.now(),
    path: sessionsPath,
    count: 0,
    totalCount: 0,
    limitApplied: limit,
    nextOffset: null,
    hasMore: false,
    owners: [],
    defaults: { modelProvider: null, model: null, contextTokens: null },
    sessions: [],
  });
  return {
    "sessions.list": list,
    "sessions.subscribe": (params) => ({
      subscribed: true,
      ...(Object.keys(params).length > 0 && { list: list(params) }),
    }),
    "sessions.messages.subscribe": ({ key }) => ({ subscribed: true, key: wholeKey(key, MAIN) }),
    "sessions.messages.unsubscribe": ({ key }) => ({ subscribed: false, key: wholeKey(key, MAIN) }),
    "sessions.describe": () => ({ session: null }),
    "sessions.create": refuse,
    "sessions.patch": refuse,
    "sessions.reset": refuse,
    "sessions.compact": ({ key }) => ({
      ok: true,
      key: wholeKey(key, MAIN),
      compacted: false,
      reason: "no session",
    }),
    "sessions.delete": ({ key }) => ({
      ok: true,
      key: wholeKey(key, MAIN),
      deleted: false,
      archived: [],
    }),
    "sessions.viewers.set": ({ sessionKeys }) => ({ sessionKeys }),
    "sessions.branches.list": () => ({ branches: [] }),
    "sessions.groups.list": () => ({ groups: [] }),
    "sessions.groups.defaults": () => ({ defaults: [] }),
    "sessions.companion.state": () => ({ exchanges: [] }),
    "sessions.catalog.list": () => ({ catalogs: [] }),
    "sessions.github.options": () => ({ personal: null, shared: null, pendingPersonal: null }),
    "sessions.observer.visibility": () => ({ ok: true }),
    "session.members.listEvidence": ({ sessionKey }) => ({
      sessionKey,
      members: [],
      identities: [],
      role: "admin",
      allowedVisibilities: ["shared"],
    }),
    "session.discussion.info": () => ({ state: "none" }),
    "board.get": ({ sessionKey }) => ({ sessionKey, revision: 0, tabs: [], widgets: [] }),
    "progressCard.get": () => ({ card: null }),
  } satisfies Partial<AgentAnswers>;
}

const emptyHistory = ({ sessionKey }: { readonly sessionKey: string }) => ({
  sessionKey,
  messages: [],
  pendingInputs: { items: [], total: 0 },
  hasMore: false,
  totalMessages: 0,
  defaults: {},
  sessionInfo: {
    key: wholeKey(sessionKey, MAIN),
    kind: "direct",
    hasActiveRun: false,
    activeRunIds: [],
  },
});

const conversation = {
  "chat.startup": emptyHistory,
  "chat.history": emptyHistory,
  "chat.metadata": () => ({ models: [], commands: [], swarmEnabled: false }),
  "chat.send": refuse,
  "chat.abort": () => ({ ok: true, aborted: false, runIds: [] }),
  "chat.inject": refuse,
} satisfies Partial<AgentAnswers>;

function work({ world }: Deps) {
  return {
    "cron.list": ({ limit = 50, offset = 0 }) => ({
      jobs: [],
      // Pages of one list carry the same; an empty list never changes.
      snapshotRevision: "empty",
      total: 0,
      offset,
      limit,
      hasMore: false,
      nextOffset: null,
    }),
    "cron.runs": ({ limit = 50, offset = 0 }) => ({
      entries: [],
      total: 0,
      offset,
      limit,
      hasMore: false,
      nextOffset: null,
    }),
    "cron.status": () => ({ enabled: false, jobs: 0, nextWakeAtMs: null }),
    "tasks.list": () => ({ tasks: [] }),
    "taskSuggestions.list": () => ({ suggestions: [] }),
    "projects.list": () => ({ projects: [] }),
    "environments.list": () => ({ environments: [] }),
    "last-heartbeat": () => null,
    "set-heartbeats": refuse,
    "diagnostics.lanes": () => ({ lanes: [], dynamic: null }),
    "usage.status": () => ({ updatedAt: world.now(), providers: [] }),
    "sessions.usage": ({ startDate, endDate }) => {
      const today = new Date(world.now()).toISOString().slice(0, 10);
      return {
        updatedAt: world.now(),
        startDate: startDate ?? today,
        endDate: endDate ?? today,
        sessions: [],
        totals: noCost,
        aggregates: noUse,
      };
    },
    "usage.cost": ({ days = 30 }) => ({
      updatedAt: world.now(),
      days,
      daily: [],
      totals: noCost,
    }),
  } satisfies Partial<AgentAnswers>;
}

const noCost = {
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  totalTokens: 0,
  totalCost: 0,
  inputCost: 0,
  outputCost: 0,
  cacheReadCost: 0,
  cacheWriteCost: 0,
  missingCostEntries: 0,
};

const noUse = {
  messages: { total: 0, user: 0, assistant: 0, toolCalls: 0, toolResults: 0, errors: 0 },
  tools: { totalCalls: 0, uniqueTools: 0, tools: [] },
  byModel: [],
  byProvider: [],
  byAgent: [],
  byChannel: [],
  daily: [],
};

function approvals({ approvalsPath }: Deps) {
  const none = () => [];
  return {
    "question.list": () => ({ questions: [] }),
    "exec.approval.list": none,
    "plugin.approval.list": none,
    "openclaw.approval.list": none,
    "exec.approval.grants.list": () => ({ grants: [] }),
    "approval.history": () => ({ items: [] }),
    "exec.approvals.get": () => ({
      path: approvalsPath,
      exists: false,
      hash: "absent",
      file: { version: 1 },
    }),
  } satisfies Partial<AgentAnswers>;
}

function surroundings({ world }: Deps) {
  const instance = world.uuid();
  return {
    "models.authStatus": () => ({ ts: world.now(), providers: [] }),
    "channels.status": () => ({
      ts: world.now(),
      channelOrder: [],
      channelLabels: {},
      channels: {},
      channelAccounts: {},
      channelDefaultAccountId: {},
    }),
    "channels.pairing.list": () => ({
      accounts: [],
      requests: [],
      commandOwnerConfigured: false,
      limits: { pendingPerAccount: 0, ttlMs: 0 },
    }),
    "plugins.list": () => ({ plugins: [], diagnostics: [], mutationAllowed: false }),
    "mentions.list": () => ({ gatewayInstanceId: instance, revision: 0, items: [] }),
    "plugins.controlUi.list": () => ({ plugins: [], diagnostics: [] }),
    "plugin.surface.refresh": () => {
      throw invalidRequest("this gateway has no plugin surfaces");
    },
    "talk.catalog": () => ({
      modes: [],
      transports: [],
      brains: [],
      speech: { providers: [] },
      transcription: { providers: [] },
      realtime: { providers: [] },
    }),
    "users.prefs.get": () => ({ status: "no_durable_identity" }),
  } satisfies Partial<AgentAnswers>;
}
