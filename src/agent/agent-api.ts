import type { Actor } from "../protocol/access.ts";

/** Who asks, and how to learn that it is gone. */
export interface Asker {
  readonly actor: Actor;
  readonly connId: string;
  onEnd(then: () => void): () => void;
}

/** A result as the protocol has it; `null` is one (test/methods/answers.test.ts holds the shapes). */
export type AgentResult = object | null;

type Named = { readonly sessionKey: string };
type Keyed = { readonly key: string };
type AgentHandler<Params = object> = (
  params: Params,
  from: Asker,
) => AgentResult | Promise<AgentResult>;

/**
 * Every method about agents, their sessions, conversations and work, by its name. Params are
 * validated before the call; refusals are RequestErrors. A method that is not implemented must not
 * stand here: every name here is advertised to clients.
 */
export interface AgentAnswers {
  "agents.list": AgentHandler;
  "agent.identity.get": AgentHandler<{ readonly agentId?: string; readonly sessionKey?: string }>;
  agent: AgentHandler;
  "agent.wait": AgentHandler;
  "models.list": AgentHandler;
  "models.authStatus": AgentHandler;
  "commands.list": AgentHandler;
  "channels.status": AgentHandler;
  "channels.pairing.list": AgentHandler;
  "sessions.list": AgentHandler<{ readonly limit?: number }>;
  "sessions.subscribe": AgentHandler;
  "sessions.messages.subscribe": AgentHandler<Keyed>;
  "sessions.messages.unsubscribe": AgentHandler<Keyed>;
  "sessions.describe": AgentHandler<Keyed>;
  "sessions.create": AgentHandler;
  "sessions.patch": AgentHandler;
  "sessions.reset": AgentHandler;
  "sessions.compact": AgentHandler<Keyed>;
  "sessions.delete": AgentHandler<Keyed>;
  "sessions.viewers.set": AgentHandler<{ readonly sessionKeys: readonly string[] }>;
  "sessions.branches.list": AgentHandler<Named>;
  "sessions.groups.list": AgentHandler;
  "sessions.groups.defaults": AgentHandler;
  "sessions.companion.state": AgentHandler;
  "sessions.catalog.list": AgentHandler;
  "sessions.github.options": AgentHandler;
  "sessions.observer.visibility": AgentHandler;
  "session.members.listEvidence": AgentHandler<Named>;
  "session.discussion.info": AgentHandler;
  "board.get": AgentHandler<Named>;
  "progressCard.get": AgentHandler;
  "chat.startup": AgentHandler<Named>;
  "chat.history": AgentHandler<Named>;
  "chat.metadata": AgentHandler;
  "chat.send": AgentHandler;
  "chat.abort": AgentHandler;
  "chat.inject": AgentHandler;
  "cron.list": AgentHandler<{ readonly limit?: number; readonly offset?: number }>;
  "cron.runs": AgentHandler<{ readonly limit?: number; readonly offset?: number }>;
  "cron.status": AgentHandler;
  "tasks.list": AgentHandler;
  "taskSuggestions.list": AgentHandler;
  "projects.list": AgentHandler;
  "environments.list": AgentHandler;
  "mentions.list": AgentHandler;
  "question.list": AgentHandler;
  "exec.approval.list": AgentHandler;
  "plugin.approval.list": AgentHandler;
  "openclaw.approval.list": AgentHandler;
  "exec.approvals.get": AgentHandler;
  "exec.approval.grants.list": AgentHandler;
  "approval.history": AgentHandler;
  "plugins.list": AgentHandler;
  "plugins.controlUi.list": AgentHandler;
  "plugin.surface.refresh": AgentHandler<{ readonly surface?: string }>;
  "talk.catalog": AgentHandler;
  "sessions.usage": AgentHandler<{ readonly startDate?: string; readonly endDate?: string }>;
  "usage.status": AgentHandler;
  "usage.cost": AgentHandler<{ readonly days?: number }>;
  "users.prefs.get": AgentHandler;
  "diagnostics.lanes": AgentHandler;
  "last-heartbeat": AgentHandler;
  "set-heartbeats": AgentHandler;
  "system-event": AgentHandler;
}

export type AgentMethod = keyof AgentAnswers;

/** How much of `status` is asked for. */
export interface StatusParams {
  /** Facts about agents that the command line needs beside the rest. */
  readonly includeCliProjection?: boolean;
  readonly includeChannelSummary?: boolean;
}

/** The agent as the rest of the gateway sees it. */
export interface AgentApi {
  readonly answers: AgentAnswers;
  /**
   * The agent's part of `health`. `status` and `sessionDefaults` give its parts of `status` and of
   * `hello-ok`.
   */
  health(): object;
  status(params: StatusParams): object;
  sessionDefaults(): object;
}

/** The whole key of a session: clients also say `main` for the default agent's main one. */
export function wholeKey(key: string, agentId: string): string {
  return key.startsWith("agent:") ? key : `agent:${agentId}:${key}`;
}
