import { CODE, openclaw } from "./command.ts";
import type { AnsweredError } from "./frames.ts";
import { asCalledHere, onGateway, partsOf, plainText, readText, say, type Text } from "./text.ts";

/** What an error says beside its message. */
export interface Details {
  /** Names the cause for programs, where the error's own code names only its kind. */
  readonly code?: string;
  /** What the reader may do next. */
  readonly next?: Text | undefined;
  readonly [more: string]: unknown;
}

/**
 * Details as they go on the wire: what helps stands there as parts (`next`, whose commands are data), and
 * as one sentence (`cure`) for clients that show it.
 */
export function wireDetails({ next, ...more }: Details): Record<string, unknown> {
  if (next === undefined) return more;
  return { ...more, cure: plainText(next), next: partsOf(next) };
}

/** Wire details whose commands for the gateway's machine are called as they are there. */
export function calledHere(
  details: Record<string, unknown>,
  command: string,
): Record<string, unknown> {
  const next = readText(details["next"]);
  return next === undefined
    ? details
    : wireDetails({ ...details, next: asCalledHere(next, command) });
}

/** An error that names itself for programs and says what helps, as those of state and settings do. */
export interface CodedFailure extends Error {
  readonly code: string;
  readonly next: Text;
}

export function isCoded(error: unknown): error is CodedFailure {
  if (!(error instanceof Error) || !("code" in error) || !("next" in error)) return false;
  return typeof error.code === "string" && error.next !== undefined;
}

/**
 * A failure that answers one request and leaves the connection open. Its `shape` is what goes on the
 * wire. Everything else that is thrown while a request runs is a defect and answers `UNAVAILABLE`.
 */
export class RequestError extends Error {
  override readonly name = "RequestError";

  constructor(readonly shape: AnsweredError) {
    super(shape.message);
  }
}

/**
 * A code that names no request, as far as the caller may know. A caller who gets many of these is
 * guessing.
 */
export class UnknownCode extends RequestError {}

export function unknownCode(message: string, details?: Details): UnknownCode {
  return new UnknownCode(invalidRequest(message, details).shape);
}

export function invalidRequest(message: string, details?: Details): RequestError {
  const more = details && { details: wireDetails(details) };
  return new RequestError({ code: "INVALID_REQUEST", message, ...more });
}

export function unavailable(message: string, retryAfterMs = 500, details?: Details): RequestError {
  const shape = { code: "UNAVAILABLE", message, retryable: true, retryAfterMs } as const;
  return new RequestError({ ...shape, ...(details && { details: wireDetails(details) }) });
}

/** The caller may not do that. `message` says what, and nothing of what there is. */
export function denied(message: string): RequestError {
  return invalidRequest(message, { code: "DENIED" });
}

/** As {@link denied}, where the caller named a request that, for all it may know, is not there. */
export function deniedCode(message: string): UnknownCode {
  return unknownCode(message, { code: "DENIED" });
}

/** The error about an approval that leaves out what it can't. */
export function notSeparable(why: string, next: Text): RequestError {
  return invalidRequest(`that can't be left out: ${why}`, { code: "NOT_SEPARABLE", next });
}

/**
 * The error where the caller lacks `missing`, one of the scopes `required`. `next`: what helps, where that
 * is something else than that the caller's own device gets the scope.
 */
export function missingScope(
  missing: string,
  {
    required = [missing],
    next = askingFor(missing),
  }: { required?: readonly string[]; next?: Text } = {},
): RequestError {
  const facts = { code: "MISSING_SCOPE", missingScope: missing, requiredScopes: [...required] };
  return new RequestError({
    code: "FORBIDDEN",
    message: `missing scope: ${missing}`,
    details: wireDetails({ ...facts, next }),
  });
}

/** A device that was granted the scope gets it by asking; any other waits, with a code, for the owner. */
function askingFor(scope: string): Text {
  const approve = onGateway(openclaw`devices approve ${CODE}`);
  return say`connect as a device that asks for ${scope}; where that waits for approval, ${approve}`;
}
