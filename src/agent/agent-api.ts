import type { Actor } from "../protocol/access.ts";
import type { Sendable, ValueOf } from "../protocol/typed-schema.ts";
import type { AgentContract, AgentMethod } from "./contract.ts";
import type { AgentHealth, AgentStatus } from "./results.ts";

/** Who asks, and how to learn that it is gone. */
export interface Asker {
  readonly actor: Actor;
  readonly connId: string;
  onEnd(then: () => void): () => void;
}

/** A method's answer. Params are validated before the call; refusals are RequestErrors. */
type AgentHandler<Name extends AgentMethod> = (
  params: ValueOf<AgentContract[Name]["params"]>,
  from: Asker,
) => AgentResult<Name> | Promise<AgentResult<Name>>;

/** What a method of the agent's side answers with. */
export type AgentResult<Name extends AgentMethod> = Sendable<
  ValueOf<AgentContract[Name]["result"]>
>;

/** A handler for every method of {@link agentContract}. */
export type AgentAnswers = { readonly [Name in AgentMethod]: AgentHandler<Name> };

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
  health(): Sendable<AgentHealth>;
  status(params: StatusParams): Sendable<AgentStatus>;
  sessionDefaults(): object;
  /** Wakes the agent, or tells it something in a session. @throws RequestError */
  tell(event: { readonly text: string; readonly sessionKey?: string | undefined }): void;
}

/** The whole key of a session: clients also say `main` for the default agent's main one. */
export function wholeKey(key: string, agentId: string): string {
  return key.startsWith("agent:") ? key : `agent:${agentId}:${key}`;
}
