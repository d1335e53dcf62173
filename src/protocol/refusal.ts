import { type Close, cutReason } from "./close.ts";
import { type Details, wireDetails } from "./errors.ts";
import type { AnsweredError, ErrorShape } from "./frames.ts";

/** A refused connect: the error of the response and the close that follows it. */
export interface Refusal {
  readonly error: AnsweredError;
  readonly close: Close;
}

/** It is counted by its details' code, or else by its own; `countedAs` gives it another name. */
export function refuse(error: AnsweredError, closeCode = 1008, reason = error.message): Refusal {
  const metric = String(error.details?.["code"] ?? error.code.toLowerCase().replaceAll("_", "-"));
  return { error, close: { code: closeCode, reason: cutReason(reason), metric } };
}

/** It may be tried again: some clients look for the time in the error, some beside the step in its details. */
export function retriedAfter(error: ErrorShape, retryAfterMs: number): AnsweredError {
  return { ...withDetails(error, { retryAfterMs }), retryable: true, retryAfterMs };
}

/** The same refusal with a name of its own for its counter, such as one of the limits table. */
export function countedAs(metric: string, refusal: Refusal): Refusal {
  return { ...refusal, close: { ...refusal.close, metric } };
}

export function invalid(message: string, details?: Details): Refusal {
  const more = details && { details: wireDetails(details) };
  return refuse({ code: "INVALID_REQUEST", message, ...more });
}

/** `error` with more facts in its details. */
export function withDetails<Shape extends ErrorShape>(
  error: Shape,
  more: Record<string, unknown>,
): Shape {
  return { ...error, details: { ...error.details, ...more } };
}
