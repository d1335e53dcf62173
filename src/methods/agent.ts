import type { AgentResult } from "../agent/agent-api.ts";
import { type AgentContract, type AgentMethod, agentContract } from "../agent/contract.ts";
import { ADMIN, APPROVALS, PAIRING, QUESTIONS, READ, WRITE } from "../protocol/access.ts";
import type { ValueOf } from "../protocol/typed-schema.ts";
import { type Call, type Method, method } from "./method.ts";

/** Every method that the agent's side answers: who may call it, and what it is for. */
const rows: Readonly<Record<AgentMethod, readonly [scope: string, summary: string]>> = {
  "agents.list": [READ, "The agents of this gateway, and which one answers by default."],
  "agents.files.list": [READ, "The files that an agent reads of its workspace."],
  "agent.identity.get": [READ, "Name and picture of an agent."],
  agent: [WRITE, "Hands a message to the agent and answers with what it said."],
  "agent.wait": [WRITE, "Waits for the end of a run."],
  "models.list": [READ, "The models that can be chosen."],
  "models.authStatus": [READ, "Which model providers have working credentials."],
  "commands.list": [READ, "The commands that a message can begin with."],
  "channels.status": [READ, "The state of each message channel."],
  "channels.pairing.list": [PAIRING, "Senders on message channels that ask to be let in."],
  "sessions.list": [READ, "The sessions, newest first."],
  "sessions.subscribe": [READ, "Sends `sessions.changed` from now on; with params also the list."],
  "sessions.messages.subscribe": [READ, "Sends the messages of one session from now on."],
  "sessions.messages.unsubscribe": [READ, "Ends that."],
  "sessions.preview": [READ, "The last messages of some sessions."],
  "sessions.search": [READ, "Messages that have a text, over all sessions."],
  "sessions.describe": [READ, "One session, or `null`."],
  "sessions.create": [WRITE, "Makes a session."],
  "sessions.patch": [WRITE, "Changes the settings of a session."],
  "sessions.reset": [ADMIN, "Begins a session anew."],
  "sessions.compact": [ADMIN, "Shortens the history of a session."],
  "sessions.delete": [ADMIN, "Removes a session."],
  "sessions.viewers.set": [READ, "Says which sessions the caller looks at."],
  "sessions.branches.list": [READ, "The branches of a session."],
  "sessions.groups.list": [READ, "The groups that sessions are sorted into."],
  "sessions.groups.defaults": [WRITE, "What new sessions of each group begin with."],
  "sessions.companion.state": [READ, "Side questions asked about a session."],
  "sessions.catalog.list": [READ, "Sessions of other programs that could be continued."],
  "sessions.github.options": [READ, "The accounts a session could publish with."],
  "sessions.observer.visibility": [READ, "Says whether the caller shows observers."],
  "session.members.listEvidence": [READ, "Who takes part in a session."],
  "session.discussion.info": [READ, "Whether a session has a discussion."],
  "board.get": [READ, "The board of a session."],
  "progressCard.get": [READ, "The progress card of a session, or `null`."],
  "chat.startup": [READ, "What a page needs to show a conversation."],
  "chat.history": [READ, "The messages of a conversation."],
  "chat.metadata": [READ, "Models and commands for a conversation."],
  "chat.send": [WRITE, "Sends a message to the agent."],
  "chat.abort": [WRITE, "Stops runs of a conversation."],
  "chat.inject": [ADMIN, "Adds a message without asking the agent."],
  "cron.list": [READ, "Planned jobs."],
  "cron.runs": [READ, "How planned jobs ended."],
  "cron.status": [READ, "Whether planned jobs run, and when the next one is due."],
  "tasks.list": [READ, "Tasks that run or ran in the background."],
  "taskSuggestions.list": [READ, "Tasks that the agent suggests."],
  "projects.list": [READ, "Projects that sessions can work in."],
  "environments.list": [READ, "Machines that sessions can run on."],
  "mentions.list": [READ, "Where the caller was mentioned."],
  "question.list": [QUESTIONS, "Questions that wait for an answer."],
  "exec.approval.list": [APPROVALS, "Commands that wait for approval."],
  "plugin.approval.list": [APPROVALS, "Plugin actions that wait for approval."],
  "openclaw.approval.list": [APPROVALS, "Changes to the system that wait for approval."],
  "exec.approval.grants.list": [APPROVALS, "Approvals that hold for planned jobs."],
  "exec.approvals.get": [ADMIN, "Which commands are approved for good."],
  "approval.history": [APPROVALS, "How earlier approvals were decided."],
  "skills.status": [READ, "The skills of an agent, and what each of them needs."],
  "skills.search": [READ, "Skills that could be installed."],
  "skills.library.list": [READ, "Skills that people share here."],
  "skills.proposals.list": [READ, "Skills that the agent proposes."],
  "tools.catalog": [READ, "The tools that an agent could have."],
  "tools.effective": [READ, "The tools that an agent has in a session."],
  "tools.github.status": [READ, "The GitHub account that an agent works with."],
  "artifacts.list": [READ, "Files that runs left."],
  "worktrees.list": [READ, "Working copies that sessions were given."],
  "transcripts.list": [READ, "Recorded meetings."],
  "webSearch.status": [READ, "What an agent searches the web with."],
  "doctor.memory.status": [READ, "Whether an agent's memory can be searched."],
  "doctor.memory.dreamDiary": [READ, "What an agent wrote down of its dreams."],
  "voicewake.get": [READ, "The words that wake an assistant."],
  "voicewake.routing.get": [READ, "Which session a wake word speaks to."],
  "talk.config": [READ, "How a client speaks and listens."],
  "themes.list": [READ, "How pages look, and themes beside their own."],
  "plugins.catalog.browse": [READ, "Plugins, page by page."],
  "plugins.list": [READ, "Plugins that are installed or could be."],
  "plugins.controlUi.list": [READ, "Plugins that bring pages of their own."],
  "plugin.surface.refresh": [READ, "A new address for a page that a plugin shows."],
  "talk.catalog": [READ, "What speech providers offer."],
  "sessions.usage": [READ, "What sessions used, by session and day."],
  "usage.status": [READ, "What is left of the limits of model providers."],
  "usage.cost": [READ, "What models cost, by day."],
  "diagnostics.lanes": [READ, "How many runs of the agent are busy and waiting."],
  "users.prefs.get": [READ, "What the caller's person has set on other devices."],
  "last-heartbeat": [READ, "The agent's last heartbeat, or `null`."],
  "set-heartbeats": [ADMIN, "Switches the agent's heartbeats on or off."],
};

/** A method by its name, with the types that the contract gives it. */
type AgentMethodDeclared = {
  [Name in AgentMethod]: Method<
    Name,
    ValueOf<AgentContract[Name]["params"]>,
    ValueOf<AgentContract[Name]["result"]>
  >;
}[AgentMethod];

function declare(name: AgentMethod) {
  const [scope, summary] = rows[name];
  return method({
    name,
    summary,
    access: { roles: ["operator"], scope },
    ...agentContract[name],
    run: (given, call) => {
      // Valid by the schema that stands beside the answer's type in the contract.
      const answer = call.services.agent.answers[name] as (
        params: unknown,
        from: Call,
      ) => AgentResult<AgentMethod> | Promise<AgentResult<AgentMethod>>;
      return answer(given, call);
    },
  });
}

// The compiler can't follow a table through a loop: each name comes out with its own row.
export const agentMethods = (Object.keys(rows) as AgentMethod[]).map(
  declare,
) as AgentMethodDeclared[];
