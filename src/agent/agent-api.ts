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

/** A method's answer; refusals are RequestErrors. Params are valid when they come here. */
type Ask<Name extends AgentMethod> = (
  params: ValueOf<AgentContract[Name]["params"]>,
  from: Asker,
) => AgentAnswer<Name> | Promise<AgentAnswer<Name>>;

/** What a method answers. */
export type AgentAnswer<Name extends AgentMethod> = Sendable<
  ValueOf<AgentContract[Name]["result"]>
>;

/** Every method of {@link agentContract}, answered. */
export type AgentAnswers = { readonly [Name in AgentMethod]: Ask<Name> };

/** How much of `status` is asked for. */
export interface StatusParams {
  /** Facts about agents that the command line needs beside the rest. */
  readonly includeCliProjection?: boolean;
  readonly includeChannelSummary?: boolean;
}

/** The agent as the rest of the gateway sees it. */
export interface AgentApi {
  readonly answers: AgentAnswers;
  /** Its part of `health` and of `status`, and `sessionDefaults` of `hello-ok`. */
  health(): Sendable<AgentHealth>;
  status(params: StatusParams): Sendable<AgentStatus>;
  sessionDefaults(): object;
}

/** The whole key of a session: clients also say `main` for the default agent's main one. */
export function wholeKey(key: string, agentId: string): string {
  return key.startsWith("agent:") ? key : `agent:${agentId}:${key}`;
}
