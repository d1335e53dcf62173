import type { ErrorShape } from "./frames.ts";

/**
 * A failure that answers one request and leaves the connection open. Its `shape` is what goes on the
 * wire. Everything else that is thrown while a request runs is a defect and answers `UNAVAILABLE`.
 */
export class RequestError extends Error {
  override readonly name = "RequestError";

  constructor(readonly shape: ErrorShape) {
    super(shape.message);
  }
}

/**
 * A code that names no request, as far as the caller may know. A caller who gets many of these is
 * guessing.
 */
export class UnknownCode extends RequestError {}

export function unknownCode(message: string, details?: Record<string, unknown>): UnknownCode {
  return new UnknownCode(invalidRequest(message, details).shape);
}

export function invalidRequest(message: string, details?: Record<string, unknown>): RequestError {
  return new RequestError({ code: "INVALID_REQUEST", message, ...(details && { details }) });
}

export function unavailable(
  message: string,
  retryAfterMs = 500,
  details?: Record<string, unknown>,
): RequestError {
  const shape = { code: "UNAVAILABLE", message, retryable: true, retryAfterMs };
  return new RequestError({ ...shape, ...(details && { details }) });
}

/** The caller lacks `missing`, one of the scopes `required`. */
export function missingScope(
  missing: string,
  required: readonly string[] = [missing],
): RequestError {
  return new RequestError({
    code: "FORBIDDEN",
    message: `missing scope: ${missing}`,
    details: { code: "MISSING_SCOPE", missingScope: missing, requiredScopes: [...required] },
  });
}
