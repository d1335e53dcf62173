import type { BearerVerdict, Guarded } from "../gateway/bearer.ts";
import type { Readiness } from "../gateway/health.ts";
import type { JoinVerdict } from "../gateway/join.ts";
import { at, openclaw } from "../protocol/command.ts";
import { onGateway } from "../protocol/text.ts";
import { type HttpAnswer, json, notAllowed, notFound, problem, secured } from "./answers.ts";
import { bearerOf, bearerRefusal } from "./bearer-answer.ts";
import { answerPage, type PageFiles } from "./page.ts";
import { answerUnserved } from "./unserved.ts";
import type { WebRoot } from "./web-root.ts";

/** What an answer may depend on. Everything is taken from the request before anything is awaited. */
export interface HttpRequest {
  /** In lower case. */
  readonly method: string;
  /** Percent-encoded, without the query. */
  readonly path: string;
  /** The `Authorization` header; empty when absent, as all of these. */
  readonly authorization: string;
  /** The `X-OpenClaw-Token` header. */
  readonly hookToken: string;
  readonly acceptEncoding: string;
  readonly ifNoneMatch: string;
  /** The source that limits count the request under: an address, or an IPv6 /64. */
  readonly source: string;
}

export interface HttpDeps {
  /** The gateway's own page. */
  readonly page: PageFiles;
  /** The web app of `dashboard.root`; our own page is then at `/pair/`. */
  readonly webRoot?: WebRoot | undefined;
  readonly ready: () => Readiness;
  /** What the page shows before it is connected. No secrets. */
  readonly about: () => Record<string, unknown>;
  /** What a web app is told once it showed the shared secret. */
  readonly webConfig: () => Record<string, unknown>;
  /** The metrics as Prometheus reads them. */
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
  /** The setup code behind a join address, which is handed out once. */
  readonly join: (code: string, source: string) => Promise<JoinVerdict>;
  readonly authorize: (what: Guarded, ask: BearerAsk) => Promise<BearerVerdict>;
}

export interface BearerAsk {
  /** Empty where none was sent. */
  readonly secret: string;
  readonly source: string;
}

type Answer = HttpAnswer | Promise<HttpAnswer>;
type Route = (request: HttpRequest, deps: HttpDeps) => Answer;

/** Answers plain HTTP requests (docs/protocol.md#http). */
export function answerHttp(request: HttpRequest, deps: HttpDeps): Answer {
  const { method, path } = request;
  const unserved = answerUnserved(request, (ask) => deps.authorize("program", ask));
  if (unserved) return unserved;
  const route = ROUTES[path] ?? otherRoute(path, deps);
  if (!route) return notFound();
  if (method !== "get" && method !== "head") return notAllowed("GET, HEAD");
  return route(request, deps);
}

const live: Route = () => json("200 OK", { ok: true, status: "live" });

const ready: Route = (_request, deps) => {
  const state = deps.ready();
  if (state.ready) return json("200 OK", state);
  return problem("503 Service Unavailable", {
    detail: `The gateway is not ready: ${state.failing.join(", ")}.`,
    code: "not-ready",
    next: at("gateway", openclaw`status`),
    headers: [["retry-after", "1"]],
    more: state,
  });
};

const metrics: Route = async (request, deps) => {
  const refusal = await refused("metrics", request, deps);
  if (refusal) return refusal;
  const { type, text } = await deps.metrics();
  const headers = [
    ["content-type", type],
    ["cache-control", "no-store"],
  ] as const;
  return { status: "200 OK", headers: secured(headers), body: text };
};

const webConfig: Route = async (request, deps) => {
  const refusal = await refused("gateway", request, deps);
  return refusal ?? json("200 OK", deps.webConfig());
};

/** Answers that there is no picture of an agent; apps show a letter then. */
const avatar: Route = async (request, deps) => {
  const refusal = await refused("gateway", request, deps);
  return refusal ?? json("200 OK", { avatarUrl: null });
};

/** A question for its head alone must not use the address up. */
const join: Route = async ({ method, path, source }, deps) => {
  if (method !== "get") return notAllowed("GET");
  const verdict = await deps.join(path.slice("/j/".length), source);
  if (verdict.ok) return json("200 OK", verdict.payload);
  if (verdict.why === "unknown") {
    const next = onGateway(openclaw`devices invite --role node`);
    return notFound("This join address is unknown, was fetched already, or has expired.", next);
  }
  if (verdict.why === "not-stored") {
    return problem("503 Service Unavailable", {
      detail: "The gateway can't store that the address is used up; it still works.",
      code: "state-not-writable",
      next: onGateway(openclaw`doctor`),
      headers: [["retry-after", "5"]],
    });
  }
  return problem("429 Too Many Requests", {
    detail: "Too many wrong codes came from this address.",
    code: "rate-limited",
    next: "wait as long as Retry-After says",
    headers: [["retry-after", String(Math.ceil(verdict.retryAfterMs / 1000))]],
  });
};

const ROUTES: Readonly<Record<string, Route>> = {
  "/healthz": live,
  "/health": live,
  "/readyz": ready,
  "/ready": ready,
  "/metrics": metrics,
  "/gateway.json": (_request, deps) => json("200 OK", deps.about()),
  "/control-ui-config.json": webConfig,
  "/__openclaw/control-ui-config.json": webConfig,
  "/__openclaw__/control-ui-config.json": webConfig,
};

/** Interfaces that OpenClaw has and this gateway has not: no page may answer in their place. */
const NOT_PAGES = /^\/(api|__openclaw|__openclaw__)(\/|$)/;

function otherRoute(path: string, deps: HttpDeps): Route | undefined {
  if (NOT_PAGES.test(path)) return undefined;
  if (/^\/avatar\/[^/]+$/.test(path)) return avatar;
  if (/^\/j\/[^/]*$/.test(path)) return join;
  const { webRoot, page } = deps;
  if (webRoot && !path.startsWith("/pair/")) {
    if (path === "/pair") return () => moved("/pair/");
    return (request) => webRoot.answer(request);
  }
  const answer = answerPage(page, path);
  return answer && (() => answer);
}

/** The browser keeps what stands after `#`, such as the secret of a one-time link. */
function moved(to: string): HttpAnswer {
  const headers = secured([["location", to]]);
  return { status: "308 Permanent Redirect", headers, body: "" };
}

/** Why the request's bearer may not have it, or `undefined`. */
async function refused(
  what: "gateway" | "metrics",
  request: HttpRequest,
  deps: HttpDeps,
): Promise<HttpAnswer | undefined> {
  const secret = bearerOf(request.authorization);
  const verdict = await deps.authorize(what, { secret, source: request.source });
  if (verdict.ok) return undefined;
  const { code, detail, next, retryAfterMs } = verdict;
  const { status, headers } = bearerRefusal(verdict);
  // `error` is where clients of OpenClaw's own paths look.
  const more = { error: { message: "Unauthorized", type: "unauthorized" } };
  const isWrong = retryAfterMs === undefined;
  return problem(status, { code, detail, next, headers, ...(isWrong && { more }) });
}
