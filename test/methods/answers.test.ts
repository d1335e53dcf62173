import { ProtocolSchemas } from "@openclaw/gateway-protocol/schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentContract } from "../../src/agent/contract.ts";
import { allMethods } from "../../src/methods/index.ts";
import type { JsonSchema } from "../../src/protocol/json-schema.ts";
import { validator } from "../../src/protocol/schemas.ts";
import { answeredMethods } from "../kit/answers.ts";
import { type Frame, makeDevice, pairAndConnect, type RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";

type Schema = keyof typeof ProtocolSchemas;

/** A call with its params, and the protocol's schema of the result or the part of it that is sure. */
type Case = readonly [params: object, result: Schema | object];

const key = { key: "main" };
const session = { sessionKey: "main" };
const wholeKey = "agent:main:main";

/** What clients call and what they get from a gateway without an agent. */
const answered: Readonly<Record<string, Case>> = {
  "agents.list": [{}, "AgentsListResult"],
  "agents.files.list": [{ agentId: "main" }, "AgentsFilesListResult"],
  "agent.identity.get": [{ agentId: "main" }, "AgentIdentityResult"],
  "models.list": [{ view: "configured", includeDetails: true }, "ModelsListResult"],
  "models.authStatus": [{ agentId: "main" }, { providers: [] }],
  "commands.list": [{}, "CommandsListResult"],
  "channels.status": [{ probe: false, timeoutMs: 1000 }, "ChannelsStatusResult"],
  "channels.pairing.list": [{}, "ChannelsPairingListResult"],
  "sessions.list": [{ limit: 20 }, { count: 0, limitApplied: 20, hasMore: false, sessions: [] }],
  "sessions.subscribe": [{}, { subscribed: true }],
  "sessions.messages.subscribe": [
    { ...key, includeApprovals: true },
    { subscribed: true, key: wholeKey },
  ],
  "sessions.messages.unsubscribe": [key, { subscribed: false, key: wholeKey }],
  "sessions.preview": [
    { keys: ["main"], limit: 3 },
    { previews: [{ key: "main", status: "missing", items: [] }] },
  ],
  "sessions.search": [{ query: "hello" }, "SessionsSearchResult"],
  "sessions.describe": [{ ...key, agentId: "main" }, { session: null }],
  "sessions.compact": [key, { ok: true, compacted: false }],
  "sessions.delete": [key, "SessionsDeleteResult"],
  "sessions.viewers.set": [{ sessionKeys: [wholeKey] }, "SessionsViewerPresenceSetResult"],
  "sessions.branches.list": [session, "SessionsBranchesListResult"],
  "sessions.groups.list": [{}, "SessionsGroupsListResult"],
  "sessions.groups.defaults": [{}, "SessionsGroupsDefaultsResult"],
  "sessions.companion.state": [session, "SessionsCompanionStateResult"],
  "sessions.catalog.list": [{ allowPartialResults: true }, "SessionsCatalogListResult"],
  "sessions.github.options": [session, "SessionGitHubOptionsResult"],
  "sessions.observer.visibility": [{ visible: true }, "SessionsObserverVisibilityResult"],
  "session.members.listEvidence": [session, "SessionMembersListEvidenceResult"],
  "session.discussion.info": [session, "SessionDiscussionInfoResult"],
  "board.get": [session, "BoardSnapshot"],
  "progressCard.get": [session, "ProgressCardGetResult"],
  "chat.startup": [
    { ...session, limit: 80, maxBytes: 100_000 },
    { sessionKey: "main", messages: [], hasMore: false },
  ],
  "chat.history": [session, { sessionKey: "main", messages: [], totalMessages: 0 }],
  "chat.metadata": [session, { models: [], commands: [] }],
  "chat.abort": [session, { ok: true, aborted: false, runIds: [] }],
  "cron.list": [
    { includeDisabled: true },
    { jobs: [], total: 0, hasMore: false, snapshotRevision: "empty" },
  ],
  "cron.runs": [
    { scope: "all", limit: 20 },
    { entries: [], total: 0, hasMore: false },
  ],
  "cron.status": [{}, { enabled: false, jobs: 0, nextWakeAtMs: null }],
  "tasks.list": [{ sortBy: "updatedAt", limit: 50 }, "TasksListResult"],
  "taskSuggestions.list": [session, "TaskSuggestionsListResult"],
  "projects.list": [{}, "ProjectsListResult"],
  "environments.list": [{ includeDesktopSetup: true }, "EnvironmentsListResult"],
  "mentions.list": [{}, { revision: 0, items: [] }],
  "question.list": [{}, "QuestionListResult"],
  "exec.approval.list": [{}, []],
  "plugin.approval.list": [{}, []],
  "openclaw.approval.list": [{}, []],
  "exec.approvals.get": [{}, "ExecApprovalsSnapshot"],
  "approval.history": [{ limit: 50 }, "ApprovalHistoryResult"],
  "skills.status": [{ agentId: "main" }, { agentId: "main", skills: [] }],
  "skills.search": [{ limit: 20 }, "SkillsSearchResult"],
  "skills.library.list": [{ scope: "all" }, { entries: [], profileId: null }],
  "skills.proposals.list": [{ agentId: "main" }, { proposals: [], installedSkills: [] }],
  "tools.catalog": [{ agentId: "main", includePlugins: true }, "ToolsCatalogResult"],
  "tools.effective": [{ agentId: "main", sessionKey: wholeKey }, "ToolsEffectiveResult"],
  "tools.github.status": [{ agentId: "main", selectedScope: "system" }, "ToolsGitHubStatusResult"],
  "artifacts.list": [{ sessionKey: wholeKey }, "ArtifactsListResult"],
  "worktrees.list": [{}, "WorktreesListResult"],
  "transcripts.list": [{ limit: 50 }, { sessions: [], nextCursor: null }],
  "webSearch.status": [{ agentId: "main" }, { enabled: false, provider: null, providers: [] }],
  "doctor.memory.status": [{ agentId: "main" }, { agentId: "main", embedding: { ok: false } }],
  "doctor.memory.dreamDiary": [{ agentId: "main" }, { agentId: "main", found: false }],
  "voicewake.get": [{}, { triggers: [] }],
  "voicewake.routing.get": [{}, { config: { version: 1, routes: [] } }],
  "talk.config": [{}, "TalkConfigResult"],
  "themes.list": [{}, { current: { id: "claw" }, themes: [] }],
  "plugins.catalog.browse": [{ intent: "all", pageSize: 100 }, { items: [] }],
  "plugins.list": [{}, "PluginsListResult"],
  "plugins.controlUi.list": [{}, { plugins: [], diagnostics: [] }],
  "talk.catalog": [{}, "TalkCatalogResult"],
  "sessions.usage": [
    { startDate: "2026-10-25", endDate: "2026-11-23", agentScope: "all", limit: 1000 },
    { startDate: "2026-10-25", sessions: [], aggregates: { daily: [] } },
  ],
  "usage.status": [{}, { providers: [] }],
  "diagnostics.lanes": [{}, { lanes: [], dynamic: null }],
  "exec.approval.grants.list": [{}, "ExecApprovalGrantsListResult"],
  "usage.cost": [{ days: 7 }, { days: 7, daily: [], totals: { totalTokens: 0, totalCost: 0 } }],
  "users.prefs.get": [{ keys: ["theme"] }, { status: "no_durable_identity" }],
  health: [
    {},
    { ok: true, gateway: { connections: { operator: 1, node: 0 }, store: { ok: true } } },
  ],
  status: [
    { includeChannelSummary: false, includeCliProjection: true },
    {
      eventLoop: { degraded: expect.any(Boolean) },
      cliProjection: { agents: { defaultId: "main" } },
    },
  ],
  "system.info": [{}, "SystemInfoResult"],
  "system-event": [{ text: "hello" }, { ok: true }],
  "update.status": [{}, "UpdateStatusResult"],
  "diagnostics.stability": [{ limit: 25 }, { dropped: 0, events: [] }],
  "gateway.identity.get": [{}, { fingerprint: expect.any(String) }],
  "config.get": [{}, { valid: true }],
  "config.schema": [{}, "ConfigSchemaResponse"],
  "config.schema.lookup": [{ path: "gateway" }, "ConfigSchemaLookupResult"],
};

/** What nobody can do without an agent. */
const refused: Readonly<Record<string, object>> = {
  agent: { message: "hello", idempotencyKey: "k1" },
  "agent.wait": { runId: "k1" },
  "sessions.create": {},
  "sessions.patch": { key: "main", unread: false },
  "sessions.reset": { key: "main" },
  "chat.send": { ...session, message: "hello", deliver: false, idempotencyKey: "k2" },
  "chat.inject": { ...session, message: "hello" },
  "set-heartbeats": { enabled: true },
};

/** Their tests are elsewhere. */
const elsewhere = /^(device|node|config|logs)\.|^(system-presence|skills\.bins)$/;

/** What else an agent's pages ask of one that is not here. */
const otherAgent = { agentId: "other" };

let gateway: TestGateway;
let client: RawClient;
let advertised: readonly string[];

beforeAll(async () => {
  gateway = await startTestGateway();
  const scopes = ["admin", "read", "write", "approvals", "questions", "pairing"];
  const { client: paired, hello } = await pairAndConnect(gateway, {
    device: makeDevice(),
    auth: { token: TEST_TOKEN },
    scopes: scopes.map((scope) => `operator.${scope}`),
  });
  client = paired;
  advertised = hello.payload.features.methods;
});

afterAll(async () => {
  client.close();
  await gateway.close();
});

describe("without an agent", () => {
  test.each(Object.entries(answered))("%s is answered", async (name, [params, result]) => {
    const answer: Frame = await client.request(name, params);
    expect(answer.error).toBeUndefined();
    if (typeof result !== "string") return expect(answer.payload).toMatchObject(result);
    const schema = ProtocolSchemas[result] as unknown as JsonSchema;
    expect(validator(schema)(answer.payload)).toBeUndefined();
  });

  test.each(Object.entries(refused))("%s is refused with what to do", async (name, params) => {
    const { ok, error } = await client.request(name, params);
    expect(ok).toBe(false);
    expect(error).toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("no agent is configured on this gateway"),
      details: { code: "NO_AGENT", cure: expect.stringContaining("openclaw devices invite") },
    });
    expect(error.retryable).toBeUndefined();
  });

  test("the last heartbeat is null, and a list is given with a subscription that asks for it", async () => {
    expect((await client.request("last-heartbeat", {})).payload).toBeNull();
    const { payload } = await client.request("sessions.subscribe", { limit: 5 });
    expect(payload).toMatchObject({ subscribed: true, list: { limitApplied: 5, sessions: [] } });
  });

  test("other agents do not exist", async () => {
    const { error } = await client.request("agent.identity.get", {
      sessionKey: "agent:other:main",
    });
    expect(error).toMatchObject({ code: "INVALID_REQUEST", message: "unknown agent id" });
  });

  test.each([
    ["agents.files.list", otherAgent],
    ["skills.status", otherAgent],
    ["tools.catalog", otherAgent],
    ["tools.effective", { sessionKey: "agent:other:main" }],
    ["webSearch.status", otherAgent],
    ["doctor.memory.status", otherAgent],
  ])("%s knows of no other agent", async (name, params) => {
    const { error } = await client.request(name, params);
    expect(error).toMatchObject({ code: "INVALID_REQUEST", message: "unknown agent id" });
  });

  test("a list of nothing is given in any order that a newer page asks for", async () => {
    const { payload } = await client.request("sessions.list", { sortBy: "createdAt" });
    expect(payload.sessions).toEqual([]);
  });

  test("what a plugin would show does not exist", async () => {
    const { error } = await client.request("plugin.surface.refresh", { surface: "canvas" });
    expect(error.code).toBe("INVALID_REQUEST");
  });
});

test("everything that is advertised has an answer that is tested", () => {
  const tested = new Set([...Object.keys(answered), ...Object.keys(refused)]);
  for (const name of ["last-heartbeat", "plugin.surface.refresh"]) tested.add(name);
  const rest = advertised.filter((name) => !tested.has(name) && !elsewhere.test(name));
  expect(rest).toEqual([]);
  expect([...tested].filter((name) => !advertised.includes(name))).toEqual([]);
});

test("all of the agent's side but what is refused has answered within its result schema", () => {
  const refusing = new Set([...Object.keys(refused), "plugin.surface.refresh"]);
  const silent = Object.keys(agentContract).filter((name) => !answeredMethods().has(name));
  expect(new Set(silent)).toEqual(refusing);
});

test("params are checked as the protocol says", async () => {
  const { error } = await client.request("chat.send", { sessionKey: "main", message: "hello" });
  expect(error.message).toMatch(/^invalid chat\.send params: .*idempotencyKey/);
});

test("no method of the host is advertised", () => {
  const hidden = allMethods.filter(({ access }) => access.hostOnly).map(({ name }): string => name);
  expect(advertised.filter((name) => hidden.includes(name))).toEqual([]);
});
