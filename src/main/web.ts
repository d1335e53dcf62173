import { dashboardRoot } from "../config/dashboard-root.ts";
import { BearerCheck } from "../gateway/bearer.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { JoinAddresses } from "../gateway/join.ts";
import type { FailureLimiter } from "../lib/limiter.ts";
import { lineReader } from "../lib/small-file.ts";
import { isUnresolved, UNRESOLVED } from "../lib/unresolved.ts";
import { webConfig } from "../protocol/web-config.ts";
import type { HttpDeps } from "../transport/http.ts";
import { loadPage } from "../transport/page.ts";
import { WebRoot } from "../transport/web-root.ts";
import type { Core } from "./core.ts";
import type { ServerFacts } from "./facts.ts";
import { ready } from "./ready.ts";

/** Of the file of `metrics.tokenFile`: the most that is read, and how long it is believed. */
const TOKEN_BYTES = 4096;
const TOKEN_KEEP_MS = 1000;

/** Reads the token of `metrics.tokenFile`; a reference that was not resolved is none. */
function metricsToken({ config, world, log }: Core): () => Promise<string | undefined> {
  const path = () => config.current.metrics.tokenFile;
  const now = () => world.monotonic();
  const read = lineReader({ path, maxBytes: TOKEN_BYTES, keepMs: TOKEN_KEEP_MS, now });
  let warned = false;
  return async () => {
    const token = await read();
    const unresolved = token !== undefined && isUnresolved(token);
    if (unresolved && !warned) {
      log.warn(
        { file: path() },
        `the token of metrics.tokenFile is ${UNRESOLVED}; it counts as none`,
      );
    }
    warned = unresolved;
    return unresolved ? undefined : token;
  };
}

interface WebParts {
  readonly gateway: Gateway;
  readonly facts: ServerFacts;
  readonly limiter: FailureLimiter;
  readonly pageFolder: string;
  readonly metrics: HttpDeps["metrics"];
}

/** What plain HTTP requests get. @throws ConfigError for a `dashboard.root` that must not be served */
export async function makeWeb(core: Core, parts: WebParts): Promise<HttpDeps> {
  const { gateway, facts } = parts;
  const bearer = new BearerCheck({
    secrets: core.secrets,
    limiter: parts.limiter,
    kind: () => core.config.current.gateway.auth.mode,
    compareKey: core.world.bytes(32),
    metricsToken: metricsToken(core),
    count: (metric) => gateway.count(metric),
  });
  const joins = new JoinAddresses({
    setups: core.setups,
    limiter: parts.limiter,
    count: (metric) => gateway.count(metric),
    failed: (err) => gateway.failed("a join address could not be used up", { err }),
  });
  return {
    page: await loadPage(parts.pageFolder),
    webRoot: await openWebRoot(core, parts),
    ready: () => ready(core, gateway.state),
    about: () => facts.about(),
    webConfig,
    metrics: parts.metrics,
    join: (code, source) => joins.fetch(code, source),
    authorize: (what, ask) => bearer.check(what, ask),
  };
}

async function openWebRoot(core: Core, { gateway, facts }: WebParts): Promise<WebRoot | undefined> {
  const { root } = core.config.current.dashboard;
  if (root === undefined) return undefined;
  const { stateDir, limits } = core;
  const judged = await dashboardRoot(root, { stateDir, configPath: core.config.path });
  if ("path" in judged) return new WebRoot(judged.path, limits, (metric) => gateway.count(metric));
  facts.notes.push(judged.note);
  return undefined;
}
