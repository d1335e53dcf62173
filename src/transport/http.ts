/** An answer to a plain HTTP request. */
export interface HttpAnswer {
  readonly status: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | Uint8Array;
}

/** A file of the page: what it holds and how it is labelled. */
export interface StaticFile {
  readonly type: string;
  readonly body: Uint8Array;
}

export interface HttpDeps {
  /** Files by path, such as `/app.js`; `/index.html` is the page itself. */
  readonly files: ReadonlyMap<string, StaticFile>;
  readonly ready: () => { ready: boolean; failing: readonly string[]; uptimeMs: number };
  /** What the page shows before it is connected. No secrets. */
  readonly about: () => Record<string, unknown>;
}

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SECURITY: readonly (readonly [string, string])[] = [
  ["content-security-policy", CSP],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["permissions-policy", "camera=(), microphone=(), geolocation=()"],
];

/** Answers plain HTTP requests (protocol page, section 7). */
export function answerHttp(method: string, path: string, deps: HttpDeps): HttpAnswer {
  const answer = route(path, deps);
  if (!answer) return text("404 Not Found", "Not Found");
  if (method !== "get" && method !== "head") {
    return path === "/" ? text("404 Not Found", "Not Found") : notAllowed();
  }
  return answer;
}

function route(path: string, deps: HttpDeps): HttpAnswer | undefined {
  switch (path) {
    case "/healthz":
    case "/health":
      return json("200 OK", { ok: true, status: "live" });
    case "/readyz":
    case "/ready": {
      const state = deps.ready();
      return json(state.ready ? "200 OK" : "503 Service Unavailable", { ...state });
    }
    case "/gateway.json":
      return json("200 OK", deps.about());
  }
  if (NOT_PAGES.test(path)) return undefined;
  // The page names its files relative to itself, so they answer at every depth that it does.
  const last = path.slice(path.lastIndexOf("/") + 1);
  const file = deps.files.get(`/${last.includes(".") ? last : "index.html"}`);
  return file && fileAnswer(file);
}

/** Interfaces that OpenClaw has and this gateway has not: no page may answer in their place. */
const NOT_PAGES = /^\/(api|v1|hooks|tools)(\/|$)/;

function fileAnswer(file: StaticFile): HttpAnswer {
  const headers = [
    ["content-type", file.type],
    ["cache-control", "no-cache"],
    ...SECURITY,
  ] as const;
  return { status: "200 OK", headers, body: file.body };
}

function json(status: string, value: Record<string, unknown>): HttpAnswer {
  const type = ["content-type", "application/json; charset=utf-8"] as const;
  const headers = [type, ["cache-control", "no-store"] as const, ...SECURITY];
  return { status, headers, body: JSON.stringify(value) };
}

function text(status: string, body: string): HttpAnswer {
  const type = ["content-type", "text/plain; charset=utf-8"] as const;
  return { status, headers: [type, ...SECURITY], body };
}

function notAllowed(): HttpAnswer {
  const answer = text("405 Method Not Allowed", "Method Not Allowed");
  return { ...answer, headers: [["allow", "GET, HEAD"], ...answer.headers] };
}
