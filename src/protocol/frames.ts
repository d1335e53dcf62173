import { couldNestDeeper, nestsDeeper } from "../lib/json-levels.ts";

/** A request as a client sends it. */
export interface RequestFrame {
  type: "req";
  id: string;
  method: string;
  params?: unknown;
}

/** The error of a response. `details` holds machine-readable facts, `retryAfterMs` milliseconds. */
export interface ErrorShape {
  code: string;
  message: string;
  details?: Record<string, unknown>;
  retryable?: boolean;
  retryAfterMs?: number;
}

/** An error as this gateway answers it: what may be tried again says when. */
export type AnsweredError = ErrorShape &
  ({ retryable?: false } | { retryable: true; retryAfterMs: number });

/** State versions that ride on `presence` and `health` events. */
export interface StateVersion {
  presence: number;
  health: number;
}

/**
 * A payload that is JSON text already. Methods that give many callers one answer return it
 * so that the text is made once.
 */
export class RawJson {
  constructor(readonly text: string) {}
}

/** A request, or what is wrong with the value. `id` is what the error response must carry. */
export type ParsedRequest =
  | { ok: true; frame: RequestFrame }
  | { ok: false; id: string; problem: string };

/**
 * Stands in place of the params of a frame that is nested deeper than `levels`, so that nothing walks
 * them by accident. No client can send one.
 */
export class TooDeep {
  readonly problem: string;

  constructor(
    readonly params: unknown,
    levels: number,
  ) {
    this.problem = `nested deeper than ${levels} levels`;
  }
}

/** Reads a frame as a request; `undefined` where it is no JSON. */
export function readRequest(text: string, levels: number): ParsedRequest | undefined {
  const value = parseJson(text);
  if (value === undefined) return undefined;
  const parsed = parseRequest(value);
  if (parsed.ok && couldNestDeeper(text, levels) && nestsDeeper(value, levels)) {
    parsed.frame.params = new TooDeep(parsed.frame.params, levels);
  }
  return parsed;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Checks the envelope of a request (docs/protocol.md#requests). Unknown properties are ignored. */
function parseRequest(value: unknown): ParsedRequest {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, id: "invalid", problem: "must be object" };
  }
  const frame = value as Partial<RequestFrame>;
  const problem = requestProblem(frame);
  if (problem === undefined) return { ok: true, frame: frame as RequestFrame };
  const id = typeof frame.id === "string" && frame.id !== "" ? frame.id : "invalid";
  return { ok: false, id, problem };
}

function requestProblem(frame: Partial<Record<keyof RequestFrame, unknown>>): string | undefined {
  for (const name of ["type", "id", "method"] as const) {
    if (frame[name] === undefined) return `must have required property '${name}'`;
  }
  if (frame.type !== "req") return "at /type: must be equal to constant";
  for (const name of ["id", "method"] as const) {
    if (typeof frame[name] !== "string") return `at /${name}: must be string`;
    if (frame[name] === "") return `at /${name}: must not have fewer than 1 characters`;
  }
  return undefined;
}

/** The text of a successful response. */
export function encodeResult(id: string, payload: unknown): string {
  const body = payload instanceof RawJson ? payload.text : JSON.stringify(payload);
  const head = `{"type":"res","id":${JSON.stringify(id)},"ok":true`;
  return body === undefined ? `${head}}` : `${head},"payload":${body}}`;
}

/** The text of a failed response. */
export function encodeError(id: string, error: ErrorShape): string {
  return `{"type":"res","id":${JSON.stringify(id)},"ok":false,"error":${JSON.stringify(error)}}`;
}

/**
 * The start of an event's text, shared by all its receivers: {@link finishEvent} adds what differs.
 */
export function encodeEventHead(event: string, payload: unknown, version?: StateVersion): string {
  const body = payload instanceof RawJson ? payload.text : JSON.stringify(payload);
  const state = version ? `,"stateVersion":${JSON.stringify(version)}` : "";
  return `{"type":"event","event":${JSON.stringify(event)},"payload":${body}${state}`;
}

/** The whole text of an event. Events aimed at one connection carry no `seq`. */
export function finishEvent(head: string, seq?: number): string {
  return seq === undefined ? `${head}}` : `${head},"seq":${seq}}`;
}
