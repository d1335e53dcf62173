import * as t from "../protocol/typed-schema.ts";

/** Results of the agent's side that the protocol package has no schema of. */

export const texts = () => t.array(t.string());

/** A list of what there is none of without an agent; what will stand in it is not settled here. */
export const nothingYet = () => t.array(t.anything());

/** The result of a method that is refused while there is no agent. */
export const unanswered = () => t.anything();

/** A part of a list: `nextOffset` is `null` at its end. */
export const page = () => ({
  total: t.integer(),
  offset: t.integer(),
  limit: t.integer(),
  hasMore: t.boolean(),
  nextOffset: t.orNull(t.integer()),
});

const model = () => t.orNull(t.string());
const contextTokens = () => t.orNull(t.integer());

export const sessionList = () =>
  t.object({
    ts: t.integer(),
    path: t.string(),
    count: t.integer(),
    totalCount: t.integer(),
    limitApplied: t.integer(),
    nextOffset: t.orNull(t.integer()),
    hasMore: t.boolean(),
    owners: nothingYet(),
    defaults: t.object({ modelProvider: model(), model: model(), contextTokens: contextTokens() }),
    sessions: nothingYet(),
  });

/** The messages of a conversation, and what is known of its session. */
export const history = () =>
  t.object({
    sessionKey: t.string(),
    messages: nothingYet(),
    pendingInputs: t.object({ items: nothingYet(), total: t.integer() }),
    hasMore: t.boolean(),
    totalMessages: t.integer(),
    defaults: t.record(t.anything()),
    sessionInfo: t.object({
      key: t.string(),
      kind: t.string(),
      hasActiveRun: t.boolean(),
      activeRunIds: texts(),
    }),
  });

/** The last messages of each session that was asked for; one that is not there is `missing`. */
export const sessionPreviews = () =>
  t.object({
    ts: t.integer(),
    previews: t.array(t.object({ key: t.string(), status: t.string(), items: nothingYet() })),
  });

/** The skills that people share on this gateway. */
export const skillLibrary = () =>
  t.object({
    entries: nothingYet(),
    profileId: t.nothing(),
    multipleProfiles: t.boolean(),
    defaultTarget: t.string(),
    canManageWorkspace: t.boolean(),
    defaultSelectionLimit: t.integer(),
  });

/** Skills that an agent proposes. `updatedAt` is a date such as 2026-11-23T10:00:00.000Z. */
export const skillProposals = () =>
  t.object({
    schema: t.string(),
    updatedAt: t.string(),
    proposals: nothingYet(),
    installedSkills: nothingYet(),
  });

/** What an agent searches the web with. */
export const webSearch = () =>
  t.object({
    enabled: t.boolean(),
    provider: t.nothing(),
    agentId: t.string(),
    model: t.object({
      provider: t.string(),
      id: t.string(),
      runtime: t.string(),
      runtimeLabel: t.string(),
    }),
    providers: nothingYet(),
    route: t.object({
      kind: t.string(),
      label: t.string(),
      testable: t.boolean(),
      reason: t.string(),
    }),
  });

/** Whether an agent's memory can be searched. */
export const memoryStatus = () =>
  t.object({
    agentId: t.string(),
    embedding: t.object({ ok: t.boolean(), checked: t.boolean(), error: t.string() }),
  });

/** Which session a wake word speaks to. */
export const voiceWakeRouting = () =>
  t.object({
    config: t.object({
      version: t.integer(),
      defaultTarget: t.object({ mode: t.string() }),
      routes: nothingYet(),
      updatedAtMs: t.integer(),
    }),
  });

/** How pages look, and the themes beside those that they bring themselves. */
export const themes = () =>
  t.object({
    current: t.object({
      id: t.string(),
      mode: t.string(),
      scope: t.string(),
      overrides: t.record(t.anything()),
    }),
    theme: t.object({
      id: t.string(),
      name: t.string(),
      description: t.string(),
      source: t.string(),
      modes: texts(),
    }),
    themes: nothingYet(),
  });

/** Tokens, and what they cost. */
export const cost = () =>
  t.object({
    input: t.integer(),
    output: t.integer(),
    cacheRead: t.integer(),
    cacheWrite: t.integer(),
    totalTokens: t.integer(),
    totalCost: t.number(),
    inputCost: t.number(),
    outputCost: t.number(),
    cacheReadCost: t.number(),
    cacheWriteCost: t.number(),
    missingCostEntries: t.integer(),
  });

/** `startDate` and `endDate` are days such as 2026-11-23. */
export const sessionsUsage = () =>
  t.object({
    updatedAt: t.integer(),
    startDate: t.string(),
    endDate: t.string(),
    sessions: nothingYet(),
    totals: cost(),
    aggregates: t.object({
      messages: t.object({
        total: t.integer(),
        user: t.integer(),
        assistant: t.integer(),
        toolCalls: t.integer(),
        toolResults: t.integer(),
        errors: t.integer(),
      }),
      tools: t.object({ totalCalls: t.integer(), uniqueTools: t.integer(), tools: nothingYet() }),
      byModel: nothingYet(),
      byProvider: nothingYet(),
      byAgent: nothingYet(),
      byChannel: nothingYet(),
      daily: nothingYet(),
    }),
  });

/** The agent's part of `health`. */
export const agentHealth = () => ({
  channels: t.record(t.anything()),
  channelOrder: texts(),
  channelLabels: t.record(t.string()),
  heartbeatSeconds: t.number(),
  defaultAgentId: t.string(),
  agents: nothingYet(),
  sessions: t.object({ path: t.string(), count: t.integer(), recent: nothingYet() }),
});

export type AgentHealth = t.ObjectOf<ReturnType<typeof agentHealth>, Record<never, never>>;

const counts = () => t.record(t.integer());

/** Facts about agents that OpenClaw's command line needs beside the rest. */
const cliProjection = () =>
  t.object({
    agents: t.object({
      defaultId: t.string(),
      ownership: t.string(),
      selectionRequired: t.boolean(),
      rows: t.array(t.object({ id: t.string() })),
    }),
    updateChannel: t.orNull(t.string()),
    memoryPlugin: t.object({
      enabled: t.boolean(),
      slot: t.orNull(t.string()),
      reason: t.string(),
    }),
  });

/** The agent's part of `status`. */
export const agentStatus = () => ({
  required: {
    heartbeat: t.object({ defaultAgentId: t.string(), agents: nothingYet() }),
    channelSummary: nothingYet(),
    queuedSystemEvents: nothingYet(),
    tasks: t.object({
      total: t.integer(),
      active: t.integer(),
      terminal: t.integer(),
      failures: t.integer(),
      byStatus: counts(),
      byRuntime: counts(),
    }),
    taskAudit: t.object({
      total: t.integer(),
      warnings: t.integer(),
      errors: t.integer(),
      byCode: counts(),
    }),
    sessions: t.object({
      paths: texts(),
      count: t.integer(),
      defaults: t.object({ model: model(), contextTokens: contextTokens() }),
      recent: nothingYet(),
      byAgent: nothingYet(),
    }),
  },
  optional: { cliProjection: cliProjection() },
});

type StatusFields = ReturnType<typeof agentStatus>;

export type AgentStatus = t.ObjectOf<StatusFields["required"], StatusFields["optional"]>;
