import type { Actor } from "../protocol/access.ts";

/** Who asks, and how to learn that it is gone. */
export interface Asker {
  readonly actor: Actor;
  readonly connId: string;
  onEnd(then: () => void): () => void;
}

/** A result as the protocol has it; `null` is one (test/methods/answers.test.ts holds the shapes). */
export type Answer = object | null;

type Named = { readonly sessionKey: string };
type Keyed = { readonly key: string };
type Ask<Params = object> = (params: Params, from: Asker) => Answer | Promise<Answer>;

/**
 * Every method about agents, their sessions, conversations and work, by its name. Params are
 * validated before the call; refusals are RequestErrors. A method that is not implemented must not
 * stand here: every name here is advertised to clients.
 */
export interface AgentAnswers {
  "agents.list": Ask;
  "agent.identity.get": Ask<{ readonly agentId?: string; readonly sessionKey?: string }>;
  agent: Ask;
  "agent.wait": Ask;
  "models.list": Ask;
  "models.authStatus": Ask;
  "commands.list": Ask;
  "channels.status": Ask;
  "channels.pairing.list": Ask;
  "sessions.list": Ask<{ readonly limit?: number }>;
  "sessions.subscribe": Ask;
  "sessions.messages.subscribe": Ask<Keyed>;
  "sessions.messages.unsubscribe": Ask<Keyed>;
  "sessions.describe": Ask<Keyed>;
  "sessions.create": Ask;
  "sessions.patch": Ask;
  "sessions.reset": Ask;
  "sessions.compact": Ask<Keyed>;
  "sessions.delete": Ask<Keyed>;
  "sessions.viewers.set": Ask<{ readonly sessionKeys: readonly string[] }>;
  "sessions.branches.list": Ask<Named>;
  "sessions.groups.list": Ask;
  "sessions.groups.defaults": Ask;
  "sessions.companion.state": Ask;
  "sessions.catalog.list": Ask;
  "sessions.github.options": Ask;
  "sessions.observer.visibility": Ask;
  "session.members.listEvidence": Ask<Named>;
  "session.discussion.info": Ask;
  "board.get": Ask<Named>;
  "progressCard.get": Ask;
  "chat.startup": Ask<Named>;
  "chat.history": Ask<Named>;
  "chat.metadata": Ask;
  "chat.send": Ask;
  "chat.abort": Ask;
  "chat.inject": Ask;
  "cron.list": Ask<{ readonly limit?: number; readonly offset?: number }>;
  "cron.runs": Ask<{ readonly limit?: number; readonly offset?: number }>;
  "cron.status": Ask;
  "tasks.list": Ask;
  "taskSuggestions.list": Ask;
  "projects.list": Ask;
  "environments.list": Ask;
  "mentions.list": Ask;
  "question.list": Ask;
  "exec.approval.list": Ask;
  "plugin.approval.list": Ask;
  "openclaw.approval.list": Ask;
  "exec.approvals.get": Ask;
  "exec.approval.grants.list": Ask;
  "approval.history": Ask;
  "plugins.list": Ask;
  "plugins.controlUi.list": Ask;
  "plugin.surface.refresh": Ask<{ readonly surface?: string }>;
  "talk.catalog": Ask;
  "sessions.usage": Ask<{ readonly startDate?: string; readonly endDate?: string }>;
  "usage.status": Ask;
  "usage.cost": Ask<{ readonly days?: number }>;
  "users.prefs.get": Ask;
  "diagnostics.lanes": Ask;
  "last-heartbeat": Ask;
  "set-heartbeats": Ask;
  "system-event": Ask;
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
