import type { Methods } from "../../methods/index.ts";

export type MethodName = keyof Methods;

/** What a method takes, by its name: `undefined` counts as absent. */
export type Params<Name extends MethodName> = Methods[Name]["params"];

/**
 * The payload that a method of this version answers with. Texts of strangers in it are not cleaned. Of
 * a gateway by URL, which may be of another version, what is newer than the oldest one may be absent.
 */
export type Result<Name extends MethodName> = Methods[Name]["result"];

/** The params may be left out where a method needs none. */
export type CallOf<Name extends MethodName> =
  Record<never, never> extends Params<Name>
    ? [params?: Params<Name>, timeoutMs?: number]
    : [params: Params<Name>, timeoutMs?: number];

/** A way to the gateway: sends what it is given and does not look into what comes back. */
export interface Wire {
  /** `running`: over the admin socket; `stopped`: on its state; `remote`: as a client by URL. */
  readonly how: "running" | "stopped" | "remote";
  /** The payload of the answer. Rejects with an error that carries the gateway's code and reason. */
  call(method: string, params?: unknown, timeoutMs?: number): Promise<unknown>;
  close(): Promise<void>;
}

/** The gateway as a command uses it, however it is reached. */
export interface ReachedGateway extends Wire {
  /** {@link Wire.call} with the types of the method's declaration. */
  request<Name extends MethodName>(method: Name, ...ask: CallOf<Name>): Promise<Result<Name>>;
}

/** A gateway behind `wire`, which is trusted to answer what its methods declare. */
export function gatewayBehind(wire: Wire): ReachedGateway {
  return {
    ...wire,
    request: <Name extends MethodName>(method: Name, ...[params, timeoutMs]: CallOf<Name>) =>
      wire.call(method, params, timeoutMs) as Promise<Result<Name>>,
  };
}

/** What a command needs of the gateway. */
export interface Needs {
  /** Scopes that a connection by URL asks for. */
  readonly scopes: readonly string[];
  /**
   * Whether the command also works on the state of a gateway that does not run: only where there is
   * one, or also where it must be made first.
   */
  readonly stopped?: "existing" | "create";
  /** The command goes on as the user it was started by, be that root. */
  readonly staysRoot?: true;
  /** Only the owner on the gateway's machine may do it; a secret is not even sent elsewhere. */
  readonly hostOnly?: true;
}
