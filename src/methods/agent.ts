import type { AgentMethod } from "../agent/agent-api.ts";
import { ADMIN, APPROVALS, PAIRING, QUESTIONS, READ, WRITE } from "../protocol/access.ts";
import type { JsonSchema } from "../protocol/json-schema.ts";
import { agentSchemas as schema } from "../protocol/wire-schemas.ts";
import { type Method, method } from "./method.ts";

type Row = readonly [scope: string, summary: string, params?: JsonSchema];

const text = { type: "string", minLength: 1 };
const key: JsonSchema = { type: "object", required: ["key"], properties: { key: text } };
const days = { type: "integer", minimum: 1, maximum: 366 };

/** Every method that the agent's side answers: who may call it, and with what. */
const rows: Readonly<Record<AgentMethod, Row>> = {
  "agents.list": [
    READ,
    "The agents of this gateway, and which one answers by default.",
    schema.agentsList,
  ],
  "agent.identity.get": [READ, "Name and picture of an agent.", schema.agentIdentity],
  agent: [WRITE, "Hands a message to the agent and answers with what it said.", schema.agent],
  "agent.wait": [WRITE, "Waits for the end of a run.", schema.agentWait],
  "models.list": [READ, "The models that can be chosen.", schema.modelsList],
  "models.authStatus": [READ, "Which model providers have working credentials."],
  "commands.list": [READ, "The commands that a message can begin with.", schema.commandsList],
  "channels.status": [READ, "The state of each message channel.", schema.channelsStatus],
  "channels.pairing.list": [
    PAIRING,
    "Senders on message channels that ask to be let in.",
    schema.channelsPairingList,
  ],
  "sessions.list": [READ, "The sessions, newest first.", schema.sessionsList],
  "sessions.subscribe": [
    READ,
    "Sends `sessions.changed` from now on; with params also the list.",
    schema.sessionsList,
  ],
  "sessions.messages.subscribe": [READ, "Sends the messages of one session from now on.", key],
  "sessions.messages.unsubscribe": [READ, "Ends that.", key],
  "sessions.describe": [READ, "One session, or `null`.", schema.sessionsDescribe],
  "sessions.create": [WRITE, "Makes a session.", schema.sessionsCreate],
  "sessions.patch": [WRITE, "Changes the settings of a session.", schema.sessionsPatch],
  "sessions.reset": [ADMIN, "Begins a session anew.", schema.sessionsReset],
  "sessions.compact": [ADMIN, "Shortens the history of a session.", schema.sessionsCompact],
  "sessions.delete": [ADMIN, "Removes a session.", schema.sessionsDelete],
  "sessions.viewers.set": [
    READ,
    "Says which sessions the caller looks at.",
    schema.sessionsViewersSet,
  ],
  "sessions.branches.list": [READ, "The branches of a session.", schema.sessionsBranchesList],
  "sessions.groups.list": [READ, "The groups that sessions are sorted into."],
  "sessions.groups.defaults": [WRITE, "What new sessions of each group begin with."],
  "sessions.companion.state": [
    READ,
    "Side questions asked about a session.",
    schema.sessionsCompanionState,
  ],
  "sessions.catalog.list": [
    READ,
    "Sessions of other programs that could be continued.",
    schema.sessionsCatalogList,
  ],
  "sessions.github.options": [
    READ,
    "The accounts a session could publish with.",
    schema.sessionGitHubOptions,
  ],
  "sessions.observer.visibility": [
    READ,
    "Says whether the caller shows observers.",
    schema.sessionsObserverVisibility,
  ],
  "session.members.listEvidence": [READ, "Who takes part in a session."],
  "session.discussion.info": [
    READ,
    "Whether a session has a discussion.",
    schema.sessionDiscussionInfo,
  ],
  "board.get": [READ, "The board of a session.", schema.boardGet],
  "progressCard.get": [READ, "The progress card of a session, or `null`.", schema.progressCardGet],
  "chat.startup": [READ, "What a page needs to show a conversation.", schema.chatHistory],
  "chat.history": [READ, "The messages of a conversation.", schema.chatHistory],
  "chat.metadata": [READ, "Models and commands for a conversation.", schema.chatMetadata],
  "chat.send": [WRITE, "Sends a message to the agent.", schema.chatSend],
  "chat.abort": [WRITE, "Stops runs of a conversation.", schema.chatAbort],
  "chat.inject": [ADMIN, "Adds a message without asking the agent.", schema.chatInject],
  "cron.list": [READ, "Planned jobs.", schema.cronList],
  "cron.runs": [READ, "How planned jobs ended.", schema.cronRuns],
  "cron.status": [READ, "Whether planned jobs run, and when the next one is due."],
  "tasks.list": [READ, "Tasks that run or ran in the background.", schema.tasksList],
  "taskSuggestions.list": [READ, "Tasks that the agent suggests.", schema.taskSuggestionsList],
  "projects.list": [READ, "Projects that sessions can work in.", schema.projectsList],
  "environments.list": [READ, "Machines that sessions can run on."],
  "mentions.list": [READ, "Where the caller was mentioned."],
  "question.list": [QUESTIONS, "Questions that wait for an answer."],
  "exec.approval.list": [APPROVALS, "Commands that wait for approval."],
  "plugin.approval.list": [APPROVALS, "Plugin actions that wait for approval."],
  "openclaw.approval.list": [APPROVALS, "Changes to the system that wait for approval."],
  "exec.approval.grants.list": [
    APPROVALS,
    "Approvals that hold for planned jobs.",
    schema.execApprovalGrantsList,
  ],
  "exec.approvals.get": [ADMIN, "Which commands are approved for good."],
  "approval.history": [APPROVALS, "How earlier approvals were decided.", schema.approvalHistory],
  "plugins.list": [READ, "Plugins that are installed or could be."],
  "plugins.controlUi.list": [READ, "Plugins that bring pages of their own."],
  "plugin.surface.refresh": [READ, "A new address for a page that a plugin shows."],
  "talk.catalog": [READ, "What speech providers offer."],
  "sessions.usage": [READ, "What sessions used, by session and day.", schema.sessionsUsage],
  "usage.status": [READ, "What is left of the limits of model providers."],
  "usage.cost": [READ, "What models cost, by day.", { type: "object", properties: { days } }],
  "diagnostics.lanes": [READ, "How many runs of the agent are busy and waiting."],
  "users.prefs.get": [READ, "What the caller's person has set on other devices."],
  "last-heartbeat": [READ, "The agent's last heartbeat, or `null`."],
  "set-heartbeats": [ADMIN, "Switches the agent's heartbeats on or off."],
  "system-event": [ADMIN, "Tells the agent of something that happened."],
};

function declare(name: AgentMethod, [scope, summary, params]: Row): Method {
  return method<object>({
    name,
    summary,
    access: { roles: ["operator"], scope },
    params: params ?? { type: "object" },
    run: (given, call) => {
      // Valid by the schema beside its name, which says what the answer takes.
      const answer = call.services.agent.answers[name] as (
        params: object,
        from: typeof call,
      ) => unknown;
      return answer(given, call);
    },
  });
}

export const agentMethods = (Object.entries(rows) as [AgentMethod, Row][]).map(([name, row]) =>
  declare(name, row),
);
