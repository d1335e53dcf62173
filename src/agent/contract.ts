import type { JsonSchema } from "../protocol/json-schema.ts";
import * as t from "../protocol/typed-schema.ts";
import { agentSchemas as schema } from "../protocol/wire-schemas.ts";
import {
  cost,
  history,
  memoryStatus,
  nothingYet,
  page,
  sessionList,
  sessionPreviews,
  sessionsUsage,
  skillLibrary,
  skillProposals,
  texts,
  themes,
  unanswered,
  voiceWakeRouting,
  webSearch,
} from "./results.ts";

/** What one method takes and what it answers. */
interface Row<Params, Result> {
  readonly params: t.TypedSchema<Params>;
  readonly result: () => t.TypedSchema<Result>;
}

const row = <Params, Result>(
  params: t.TypedSchema<Params>,
  result: () => t.TypedSchema<Result>,
): Row<Params, Result> => ({ params, result });

/** Params of methods that look at none: any object. */
const anyObject: JsonSchema = { type: "object" };
const none = t.typed<object>(anyObject);
const ofAgent = t.object({}, { agentId: t.string() });
const key = t.object({ key: t.string({ minLength: 1 }) });

/**
 * Every method that is about agents, their sessions, conversations and work, by its name. A method that
 * is not implemented must not stand here: every name here is advertised to clients.
 */
export const agentContract = {
  "agents.list": row(schema.agentsList, () => t.wire("AgentsListResult")),
  "agents.files.list": row(schema.agentsFilesList, () => t.wire("AgentsFilesListResult")),
  "agent.identity.get": row(schema.agentIdentity, () => t.wire("AgentIdentityResult")),
  agent: row(schema.agent, unanswered),
  "agent.wait": row(schema.agentWait, unanswered),
  "models.list": row(schema.modelsList, () => t.wire("ModelsListResult")),
  "models.authStatus": row(none, () => t.object({ ts: t.integer(), providers: nothingYet() })),
  "commands.list": row(schema.commandsList, () => t.wire("CommandsListResult")),
  "channels.status": row(schema.channelsStatus, () => t.wire("ChannelsStatusResult")),
  "channels.pairing.list": row(schema.channelsPairingList, () =>
    t.wire("ChannelsPairingListResult"),
  ),
  "sessions.list": row(schema.sessionsList, sessionList),
  "sessions.subscribe": row(schema.sessionsList, () =>
    t.object({ subscribed: t.exactly(true) }, { list: sessionList() }),
  ),
  "sessions.messages.subscribe": row(key, () =>
    t.object({ subscribed: t.boolean(), key: t.string() }),
  ),
  "sessions.messages.unsubscribe": row(key, () =>
    t.object({ subscribed: t.boolean(), key: t.string() }),
  ),
  "sessions.preview": row(schema.sessionsPreview, sessionPreviews),
  "sessions.search": row(schema.sessionsSearch, () => t.wire("SessionsSearchResult")),
  "sessions.describe": row(schema.sessionsDescribe, () => t.object({ session: t.anything() })),
  "sessions.create": row(schema.sessionsCreate, unanswered),
  "sessions.patch": row(schema.sessionsPatch, unanswered),
  "sessions.reset": row(schema.sessionsReset, unanswered),
  "sessions.compact": row(schema.sessionsCompact, () =>
    t.object({ ok: t.boolean(), key: t.string(), compacted: t.boolean() }, { reason: t.string() }),
  ),
  "sessions.delete": row(schema.sessionsDelete, () => t.wire("SessionsDeleteResult")),
  "sessions.viewers.set": row(schema.sessionsViewersSet, () =>
    t.wire("SessionsViewerPresenceSetResult"),
  ),
  "sessions.branches.list": row(schema.sessionsBranchesList, () =>
    t.wire("SessionsBranchesListResult"),
  ),
  "sessions.groups.list": row(none, () => t.wire("SessionsGroupsListResult")),
  "sessions.groups.defaults": row(none, () => t.wire("SessionsGroupsDefaultsResult")),
  "sessions.companion.state": row(schema.sessionsCompanionState, () =>
    t.wire("SessionsCompanionStateResult"),
  ),
  "sessions.catalog.list": row(schema.sessionsCatalogList, () =>
    t.wire("SessionsCatalogListResult"),
  ),
  "sessions.github.options": row(schema.sessionGitHubOptions, () =>
    t.wire("SessionGitHubOptionsResult"),
  ),
  "sessions.observer.visibility": row(schema.sessionsObserverVisibility, () =>
    t.wire("SessionsObserverVisibilityResult"),
  ),
  "session.members.listEvidence": row(schema.sessionMembersList, () =>
    t.wire("SessionMembersListEvidenceResult"),
  ),
  "session.discussion.info": row(schema.sessionDiscussionInfo, () =>
    t.wire("SessionDiscussionInfoResult"),
  ),
  "board.get": row(schema.boardGet, () => t.wire("BoardSnapshot")),
  "progressCard.get": row(schema.progressCardGet, () => t.wire("ProgressCardGetResult")),
  "chat.startup": row(schema.chatHistory, history),
  "chat.history": row(schema.chatHistory, history),
  "chat.metadata": row(schema.chatMetadata, () =>
    t.object({ models: nothingYet(), commands: nothingYet(), swarmEnabled: t.boolean() }),
  ),
  "chat.send": row(schema.chatSend, unanswered),
  "chat.abort": row(schema.chatAbort, () =>
    t.object({ ok: t.boolean(), aborted: t.boolean(), runIds: texts() }),
  ),
  "chat.inject": row(schema.chatInject, unanswered),
  "cron.list": row(schema.cronList, () =>
    t.object({ jobs: nothingYet(), snapshotRevision: t.string(), ...page() }),
  ),
  "cron.runs": row(schema.cronRuns, () => t.object({ entries: nothingYet(), ...page() })),
  "cron.status": row(none, () =>
    t.object({ enabled: t.boolean(), jobs: t.integer(), nextWakeAtMs: t.orNull(t.integer()) }),
  ),
  "tasks.list": row(schema.tasksList, () => t.wire("TasksListResult")),
  "taskSuggestions.list": row(schema.taskSuggestionsList, () =>
    t.wire("TaskSuggestionsListResult"),
  ),
  "projects.list": row(schema.projectsList, () => t.wire("ProjectsListResult")),
  "environments.list": row(none, () => t.wire("EnvironmentsListResult")),
  "mentions.list": row(none, () =>
    t.object({ gatewayInstanceId: t.string(), revision: t.integer(), items: nothingYet() }),
  ),
  "question.list": row(none, () => t.wire("QuestionListResult")),
  "exec.approval.list": row(none, nothingYet),
  "plugin.approval.list": row(none, nothingYet),
  "openclaw.approval.list": row(none, nothingYet),
  "exec.approval.grants.list": row(schema.execApprovalGrantsList, () =>
    t.wire("ExecApprovalGrantsListResult"),
  ),
  "exec.approvals.get": row(none, () => t.wire("ExecApprovalsSnapshot")),
  "approval.history": row(schema.approvalHistory, () => t.wire("ApprovalHistoryResult")),
  "skills.status": row(schema.skillsStatus, () =>
    t.object({
      agentId: t.string(),
      workspaceDir: t.string(),
      managedSkillsDir: t.string(),
      skills: nothingYet(),
    }),
  ),
  "skills.search": row(schema.skillsSearch, () => t.wire("SkillsSearchResult")),
  "skills.library.list": row(schema.skillsLibraryList, skillLibrary),
  "skills.proposals.list": row(schema.skillsProposalsList, skillProposals),
  "tools.catalog": row(schema.toolsCatalog, () => t.wire("ToolsCatalogResult")),
  "tools.effective": row(schema.toolsEffective, () => t.wire("ToolsEffectiveResult")),
  "tools.github.status": row(schema.toolsGitHubStatus, () => t.wire("ToolsGitHubStatusResult")),
  "artifacts.list": row(schema.artifactsList, () => t.wire("ArtifactsListResult")),
  "worktrees.list": row(none, () => t.wire("WorktreesListResult")),
  "transcripts.list": row(none, () =>
    t.object({ sessions: nothingYet(), nextCursor: t.nothing() }),
  ),
  "webSearch.status": row(ofAgent, webSearch),
  "doctor.memory.status": row(ofAgent, memoryStatus),
  "doctor.memory.dreamDiary": row(ofAgent, () =>
    t.object({ agentId: t.string(), found: t.boolean(), path: t.string() }),
  ),
  "voicewake.get": row(none, () => t.object({ triggers: texts() })),
  "voicewake.routing.get": row(none, voiceWakeRouting),
  "talk.config": row(schema.talkConfig, () => t.wire("TalkConfigResult")),
  "themes.list": row(none, themes),
  "plugins.catalog.browse": row(none, () => t.object({ items: nothingYet() })),
  "plugins.list": row(none, () => t.wire("PluginsListResult")),
  "plugins.controlUi.list": row(none, () =>
    t.object({ plugins: nothingYet(), diagnostics: nothingYet() }),
  ),
  "plugin.surface.refresh": row(t.typed<{ readonly surface?: string }>(anyObject), unanswered),
  "talk.catalog": row(none, () => t.wire("TalkCatalogResult")),
  "sessions.usage": row(schema.sessionsUsage, sessionsUsage),
  "usage.status": row(none, () => t.object({ updatedAt: t.integer(), providers: nothingYet() })),
  "usage.cost": row(t.object({}, { days: t.integer({ minimum: 1, maximum: 366 }) }), () =>
    t.object({ updatedAt: t.integer(), days: t.integer(), daily: nothingYet(), totals: cost() }),
  ),
  "diagnostics.lanes": row(none, () => t.object({ lanes: nothingYet(), dynamic: t.anything() })),
  "users.prefs.get": row(none, () => t.object({ status: t.string() })),
  "last-heartbeat": row(none, () => t.anything()),
  "set-heartbeats": row(none, unanswered),
};

export type AgentContract = typeof agentContract;
export type AgentMethod = keyof AgentContract;
