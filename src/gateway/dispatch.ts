import type { Receiver } from "../events/hub.ts";
import { Durations } from "../lib/durations.ts";
import type { Call, Method } from "../methods/method.ts";
import { type Actor, decideAccess } from "../protocol/access.ts";
import { at, openclaw, shell } from "../protocol/command.ts";
import {
  calledHere,
  invalidRequest,
  isCoded,
  missingScope,
  RequestError,
  unavailable,
  wireDetails,
} from "../protocol/errors.ts";
import {
  type ErrorShape,
  encodeError,
  encodeEventHead,
  encodeResult,
  finishEvent,
  type RequestFrame,
  TooDeep,
} from "../protocol/frames.ts";
import { openclawMethods } from "../protocol/openclaw-methods.ts";
import { say } from "../protocol/text.ts";
import type { Share } from "./shares.ts";

/** Who sends requests: a ready connection, or the admin socket. */
export interface Requester {
  readonly id: string;
  inFlight: number;
  /** What its device takes over all its connections, where it has any. */
  readonly share?: Share | undefined;
  /** Characters of the request that is dispatched. */
  readonly frameChars?: number;
  /** Told how much of requests is kept while they run. */
  keep?(change: number): void;
  send(text: string): void;
  /** `left`: it will not come back. */
  onEnd(then: (left: boolean) => void): () => void;
  /** Where broadcast events can go, if it may ask for them. */
  readonly receiver?: Receiver;
}

/** Durations and failures of one method, for `status` and metrics. */
export interface MethodFigures {
  failures: number;
  readonly durations: Durations;
}

interface Deps {
  readonly methods: readonly Method[];
  readonly services: Call["services"];
  readonly maxInFlight: number;
  /** Of one device; without them a connection's own bound is the only one. */
  readonly perDevice?: { readonly requests: number; readonly chars: number };
  readonly monotonic: () => number;
  /** How the command line is called on the gateway's machine, for those who are elsewhere. */
  readonly command?: string;
  readonly defect: (method: string, error: unknown) => void;
  /** Counts a request that a limit refused, by the limit's metric. */
  readonly refused?: (metric: string) => void;
}

const NO_PARAMS = {};

/** Finds the method, checks access and params, runs it, replies. Top to bottom, no hooks. */
export class Dispatcher {
  readonly #methods: ReadonlyMap<string, Method>;
  #busy = 0;
  readonly figures = new Map<string, MethodFigures>();

  constructor(private readonly deps: Deps) {
    this.#methods = new Map(deps.methods.map((method) => [method.name, method]));
  }

  /** How many requests are running whose answer waits for no person and no node. */
  get busy(): number {
    return this.#busy;
  }

  /** Handles one request. Returns false when it was outside the caller's role. */
  dispatch(from: Requester, actor: Actor, frame: RequestFrame): boolean {
    const method = this.#methodFor(frame.method, actor);
    if (method instanceof RequestError) {
      from.send(encodeError(frame.id, this.#named(method.shape)));
      return method.shape.details?.["code"] !== OUTSIDE_ROLE;
    }
    const startedAt = this.deps.monotonic();
    try {
      const result = this.#run(from, actor, { method, frame });
      if (result instanceof Promise)
        this.#replyLater(from, frame.id, { result, startedAt, method });
      else {
        from.send(encodeResult(frame.id, result));
        this.#record(frame.method, startedAt, true);
      }
    } catch (error) {
      this.#fail(from, frame, error);
      this.#record(frame.method, startedAt, false);
    }
    return true;
  }

  /** The method that a caller may call, or why it may not. */
  #methodFor(name: string, actor: Actor): Method | RequestError {
    const method = this.#methods.get(name);
    return method === undefined ? notServed(name, actor) : (denial(method, actor) ?? method);
  }

  #run(from: Requester, actor: Actor, what: { method: Method; frame: RequestFrame }): unknown {
    const { method, frame } = what;
    const params = frame.params ?? NO_PARAMS;
    const problem = params instanceof TooDeep ? params.problem : method.validate?.(params);
    if (problem) throw this.#refusal(from, problem, { method, params });
    const crowd = this.#crowd(from);
    if (crowd !== undefined) {
      this.deps.refused?.("requests-refused");
      throw unavailable(crowd);
    }
    return method.run(params, {
      actor,
      services: this.deps.services,
      connId: from.id,
      receiver: from.receiver,
      tell: (event, payload) => from.send(finishEvent(encodeEventHead(event, payload))),
      onEnd: (then) => from.onEnd(then),
    });
  }

  #refusal(
    from: Requester,
    problem: string,
    { method, params }: { method: Method; params: unknown },
  ): RequestError {
    const isTooDeep = params instanceof TooDeep;
    if (isTooDeep) this.deps.refused?.("frame-too-deep");
    const call = { connId: from.id, services: this.deps.services };
    method.refused?.(isTooDeep ? params.params : params, problem, call);
    return invalidRequest(`invalid ${method.name} params: ${problem}`);
  }

  /** What there is too much of for one more request. */
  #crowd({ inFlight, share, frameChars = 0 }: Requester): string | undefined {
    const { maxInFlight, perDevice } = this.deps;
    if (inFlight >= maxInFlight) return "too many requests in flight";
    if (share === undefined || perDevice === undefined) return undefined;
    if (share.inFlight >= perDevice.requests) return "too many requests in flight";
    if (share.inFlight > 0 && share.chars + frameChars > perDevice.chars)
      return "too much in flight";
    return undefined;
  }

  async #replyLater(
    from: Requester,
    id: string,
    running: { result: Promise<unknown>; startedAt: number; method: Method },
  ): Promise<void> {
    const counts = running.method.patient ? 0 : 1;
    const { share, frameChars = 0 } = from;
    from.inFlight += 1;
    from.keep?.(frameChars);
    share?.runs(1, frameChars);
    this.#busy += counts;
    let ok = true;
    try {
      const text = encodeResult(id, await running.result);
      from.send(text);
    } catch (error) {
      ok = false;
      this.#fail(from, { id, method: running.method.name }, error);
    } finally {
      from.inFlight -= 1;
      from.keep?.(-frameChars);
      share?.runs(-1, frameChars);
      this.#busy -= counts;
      this.#record(running.method.name, running.startedAt, ok);
    }
  }

  /** The one place where a throw becomes a wire error. */
  #fail(from: Requester, frame: Pick<RequestFrame, "id" | "method">, error: unknown): void {
    if (error instanceof RequestError) {
      return from.send(encodeError(frame.id, this.#named(error.shape)));
    }
    const shape = storeFailure(error);
    if (shape) return from.send(encodeError(frame.id, shape));
    this.deps.defect(frame.method, error);
    from.send(encodeError(frame.id, internalError().shape));
  }

  /** The error with the commands for the gateway's machine as they are typed there. */
  #named(shape: ErrorShape): ErrorShape {
    const { details } = shape;
    const { command } = this.deps;
    if (command === undefined || details?.["next"] === undefined) return shape;
    return { ...shape, details: calledHere(details, command) };
  }

  #record(name: string, startedAt: number, ok: boolean): void {
    let figures = this.figures.get(name);
    if (!figures) {
      figures = { failures: 0, durations: new Durations() };
      this.figures.set(name, figures);
    }
    if (!ok) figures.failures += 1;
    figures.durations.record(this.deps.monotonic() - startedAt);
  }
}

/** A coded failure of state or config: its own words and next step go to the caller. */
function storeFailure(error: unknown) {
  if (!isCoded(error)) return undefined;
  const { code, next, message } = error;
  const isInput = code.startsWith("CONFIG_") && code !== "CONFIG_WRITE";
  return {
    code: isInput ? "INVALID_REQUEST" : "UNAVAILABLE",
    message,
    details: wireDetails({ code, next, ...problemsIn(error) }),
    ...(!isInput && { retryable: true, retryAfterMs: 5000 }),
  };
}

/** The errors of each wrong key, as clients mark them in a form. */
function problemsIn(error: Error & { issues?: unknown }) {
  const { issues } = error;
  if (!Array.isArray(issues) || issues.length === 0) return undefined;
  return { issues: issues.map(({ path, message, next }) => wireDetails({ path, message, next })) };
}

const OUTSIDE_ROLE = "UNAUTHORIZED_ROLE";

/** Why a call is not even tried, or `undefined` (docs/protocol.md#roles-and-scopes). */
function denial({ name, access }: Method, actor: Actor): RequestError | undefined {
  const { role, scopes, method } = actor;
  const verdict = decideAccess(access, { role, scopes, onHost: method === "host" });
  if (verdict.ok) return undefined;
  if (verdict.why === "scope") return missingScope(verdict.scope);
  if (verdict.why === "role") return unauthorizedRole(role);
  return invalidRequest(`${name} works only on the gateway host`, {
    code: "HOST_ONLY",
    next: say`run ${at("gateway", openclaw``)} on the gateway host (for example over ssh)`,
  });
}

/**
 * What a caller is told of a method that this gateway has not. No scope would help, so none is named. A
 * node gets the answer for a method that is not for nodes, so that it learns nothing of what there is.
 */
function notServed(name: string, { role }: Actor): RequestError {
  const there = openclawMethods().get(name);
  if (there ? !there.roles.includes(role) : role === "node") return unauthorizedRole(role);
  return there ? methodNotServed(name) : unknownMethod(name);
}

export function unauthorizedRole(role: string): RequestError {
  return invalidRequest(`unauthorized role: ${role}`, { code: OUTSIDE_ROLE });
}

const ALL_METHODS = openclaw`gateway call --list`;

export function unknownMethod(name: string): RequestError {
  return invalidRequest(`unknown method: ${name}`, { code: "UNKNOWN_METHOD", next: ALL_METHODS });
}

/** OpenClaw has the method. Its clients know by the message that a gateway is without one. */
export function methodNotServed(name: string): RequestError {
  return invalidRequest(`unknown method: ${name}`, {
    code: "METHOD_NOT_SERVED",
    next: say`OpenClaw has this method, and this gateway does not serve it, whatever the scopes; those that it serves: ${ALL_METHODS}`,
  });
}

/** A defect of the gateway; what it was is in its log. */
export function internalError(): RequestError {
  const next = say`${at("gateway", shell`journalctl -u openclaw-gateway`)} (or its terminal)`;
  const details = wireDetails({ code: "INTERNAL_ERROR", next });
  const message = "internal error; see the log of the gateway";
  return new RequestError({ code: "UNAVAILABLE", message, details });
}
