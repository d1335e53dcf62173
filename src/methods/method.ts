import type { Receiver } from "../events/hub.ts";
import type { Access, Actor } from "../protocol/access.ts";
import type { JsonSchema } from "../protocol/json-schema.ts";
import { type Validate, validator } from "../protocol/schemas.ts";
import type { Services } from "./services.ts";

/** One call of a method. */
export interface Call {
  readonly actor: Actor;
  readonly services: Services;
  readonly connId: string;
  /** Where broadcast events can go; a client on the network has them already. */
  readonly receiver?: Receiver | undefined;
  /** Sends the caller an event of its own, before the answer. */
  tell(event: string, payload: unknown): void;
  /** Runs `then` when the caller's connection ends; returns how to take that back. */
  onEnd(then: () => void): () => void;
}

/** What a method declares about itself. Routing, authorisation, validation and reference follow. */
export interface MethodSpec<Params> {
  readonly name: string;
  readonly summary: string;
  readonly access: Access;
  /** Schema of the params; absent params count as `{}`. */
  readonly params?: JsonSchema;
  /** Answers only once a person acts, so a stop does not wait for it. */
  readonly patient?: true;
  /** Returns the payload of the response. @throws RequestError, the error of the response */
  run(params: Params, call: Call): unknown;
}

export interface Method extends MethodSpec<unknown> {
  /** What is wrong with params, or `undefined`. */
  readonly validate?: Validate;
}

/**
 * Declares a method.
 *
 * @example
 * export const ping = method({
 *   name: "ping",
 *   summary: "Answers with the gateway's time.",
 *   access: { roles: ["operator"], scope: READ },
 *   run: (_params, call) => ({ ts: call.services.world.now() }),
 * });
 */
export function method<Params>(spec: MethodSpec<Params>): Method {
  const { params } = spec;
  return {
    ...spec,
    ...(params && { validate: validator(params) }),
    run: (given, call) => spec.run(given as Params, call),
  };
}
