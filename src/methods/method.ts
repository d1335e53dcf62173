import type { Receiver } from "../events/hub.ts";
import type { Access, Actor } from "../protocol/access.ts";
import type { RawJson } from "../protocol/frames.ts";
import { type Validate, validator } from "../protocol/schemas.ts";
import type { Sendable, TypedSchema } from "../protocol/typed-schema.ts";
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
  /**
   * Runs `then` when the caller's connection ends; returns how to take that back. `left`: the caller said
   * goodbye or was sent away for good; else it was lost, and may come back.
   */
  onEnd(then: (left: boolean) => void): () => void;
}

/** The payload of a response: a value, or JSON text whose shape the compiler can't see. */
export type MethodAnswer<Result> = Sendable<Result> | RawJson;

/** A method's name, access and schemas: all of its declaration but the handler. */
interface MethodFacts<Name extends string, Params, Result> {
  readonly name: Name;
  readonly summary: string;
  readonly access: Access;
  /** Schema of the params; absent params count as `{}`. */
  readonly params?: TypedSchema<Params>;
  /**
   * Schema of the response's payload with all of its properties. It types the handler and the
   * callers; the tests check every answer with it. Nothing reads it at run time, so it is made where it
   * is asked for: all of them would cost each start 2 ms and 1 MB.
   */
  readonly result: () => TypedSchema<Result>;
  /** Answers only once a person acts, so a stop does not wait for it. */
  readonly patient?: true;
  /** Called with params that were refused and why, where another connection waits for them. */
  readonly refused?: (
    params: unknown,
    problem: string,
    call: Pick<Call, "connId" | "services">,
  ) => void;
}

/** A declaration. Routing, authorisation, validation, callers' types and reference follow. */
export interface MethodSpec<Name extends string, Params, Result>
  extends MethodFacts<Name, Params, Result> {
  /** Returns the payload of the response. @throws RequestError, the error of the response */
  run(
    params: Params,
    call: Call,
  ): MethodAnswer<NoInfer<Result>> | Promise<MethodAnswer<NoInfer<Result>>>;
}

/** A method as it is routed. */
export interface Method<Name extends string = string, Params = unknown, Result = unknown>
  extends MethodFacts<Name, Params, Result> {
  /** What is wrong with params, or `undefined`. */
  readonly validate?: Validate;
  run(params: unknown, call: Call): unknown;
}

/** What callers of a method may send. */
export type ParamsOf<Of> =
  Of extends Method<string, infer Params, unknown> ? Sendable<Params> : never;

/** What callers of a method get. */
export type ResultOf<Of> = Of extends Method<string, unknown, infer Result> ? Result : never;

/** A method, or what stands in for it. */
export type Watched = (method: Method) => Method;

/** The params of a method that declares none: anything is ignored. */
export type NoParams = Record<never, never>;

/**
 * Declares a method.
 *
 * @example
 * export const ping = method({
 *   name: "ping",
 *   summary: "Answers with the gateway's time.",
 *   access: { roles: ["operator"], scope: READ },
 *   result: () => t.object({ ts: t.integer() }),
 *   run: (_params, call) => ({ ts: call.services.world.now() }),
 * });
 */
export function method<Name extends string, Result, Params = NoParams>(
  spec: MethodSpec<Name, Params, Result>,
): Method<Name, Params, Result> {
  const { params } = spec;
  return {
    ...spec,
    ...(params && { validate: validator(params) }),
    run: (given, call) => spec.run(given as Params, call),
  };
}
