import type { JsonSchema } from "../protocol/json-schema.ts";
import * as t from "../protocol/typed-schema.ts";
import { agentSchemas as schema } from "../protocol/wire-schemas.ts";
import {
  cost,
  history,
  nothingYet,
  page,
  sessionList,
  sessionsUsage,
  texts,
  unanswered,
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
const key = t.object({ key: t.string({ minLength: 1 }) });

/**
 * Every method that is about agents, their sessions, conversations and work, by its name. A method that
 * is not implemented must not stand here: every name here is advertised to clients.
 */
export const agentContract = {
  "agents.list": row(schema.agentsList, () => t.wire("AgentsListResult")),
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
