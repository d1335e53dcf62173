import type { FileHandle } from "node:fs/promises";
import { wireDetails } from "../protocol/errors.ts";
import type { Text } from "../protocol/text.ts";

export type Headers = readonly (readonly [string, string])[];

/** A file that is sent piece by piece; the sender closes it and calls `done`. */
export interface FileBody {
  readonly file: FileHandle;
  readonly bytes: number;
  /** Called once: after the last byte, or when the client is gone. */
  readonly done: () => void;
}

/** An answer to a plain HTTP request. */
export interface HttpAnswer {
  readonly status: string;
  readonly headers: Headers;
  readonly body: string | Uint8Array | FileBody;
}

/** The page's content security policy: nothing runs, loads or frames it but itself. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SECURITY: Headers = [
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["permissions-policy", "camera=(), microphone=(), geolocation=()"],
];

/** What every answer carries. `policy` is the Content-Security-Policy. */
export function secured(headers: Headers, policy = CSP): Headers {
  return [...headers, ["content-security-policy", policy], ...SECURITY];
}

export function json(status: string, value: object): HttpAnswer {
  const headers = secured([
    ["content-type", "application/json; charset=utf-8"],
    ["cache-control", "no-store"],
  ]);
  return { status, headers, body: JSON.stringify(value) };
}

/** What a problem says beside its status. */
export interface ProblemDetails {
  /** What happened, in one sentence for people. */
  readonly detail: string;
  /** A stable name for programs. */
  readonly code: string;
  /** What to do next. */
  readonly next?: Text | undefined;
  readonly headers?: Headers;
  /** Members that a client of this path expects besides. */
  readonly more?: object;
}

/** An error as RFC 9457 describes it. `status` is such as `404 Not Found`. */
export function problem(status: string, what: ProblemDetails): HttpAnswer {
  const [code = "", ...words] = status.split(" ");
  const { detail, code: name, next, headers = [], more } = what;
  const body = {
    type: "about:blank",
    title: words.join(" "),
    status: Number(code),
    detail,
    ...wireDetails({ code: name, next }),
    ...more,
  };
  const own: Headers = [
    ["content-type", "application/problem+json"],
    ["cache-control", "no-store"],
    ...headers,
  ];
  return { status, headers: secured(own), body: JSON.stringify(body) };
}

export function notFound(detail = "There is nothing at this address.", next?: Text): HttpAnswer {
  return problem("404 Not Found", { detail, code: "not-found", next });
}

export function notAllowed(allow: string): HttpAnswer {
  return problem("405 Method Not Allowed", {
    detail: "This address does not take that method.",
    code: "method-not-allowed",
    next: `use one of: ${allow}`,
    headers: [["allow", allow]],
  });
}
