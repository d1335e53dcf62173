import { ConfigError } from "../config/errors.ts";
import { BearerCheck } from "../gateway/bearer.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { JoinAddresses } from "../gateway/join.ts";
import { mayServe } from "../host/served-folder.ts";
import type { FailureLimiter } from "../lib/limiter.ts";
import { firstLine, readSmallFile } from "../lib/small-file.ts";
import { version } from "../lib/version.ts";
import type { HttpDeps } from "../transport/http.ts";
import { loadPage } from "../transport/page.ts";
import { WebRoot } from "../transport/web-root.ts";
import type { Core } from "./core.ts";
import type { ServerFacts } from "./facts.ts";
import { readiness } from "./wiring.ts";

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
    metricsToken: tokenReader(core),
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
    ready: () => readiness(core, gateway),
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
  const { stateDir } = core;
  const verdict = await mayServe(root, { stateDir, configPath: core.config.path });
  if (verdict.ok) return new WebRoot(verdict.path, core.limits, (metric) => gateway.count(metric));
  if (verdict.why === "private") {
    throw new ConfigError("CONFIG_DASHBOARD_ROOT", `dashboard.root: ${verdict.reason}`, {
      next: "openclaw config unset dashboard.root",
    });
  }
  // Devices must not be shut out because a web app was moved.
  facts.warnings.push(`dashboard.root is not served: ${verdict.reason}; see: openclaw doctor`);
  return undefined;
}

/** What OpenClaw's web app asks for at its start (protocol page, section 7). */
function webConfig(): Record<string, unknown> {
  return {
    basePath: "",
    assistantName: "Assistant",
    assistantAvatar: "A",
    assistantAgentId: "main",
    serverVersion: version,
    embedSandbox: "scripts",
    terminalEnabled: false,
    pluginAssetsRequireAuth: true,
    pluginFrameGrants: [],
  };
}

const TOKEN_BYTES = 4096;
const KEEP_MS = 1000;

/** Reads the file of `metrics.tokenFile`, at most once a second. */
function tokenReader(core: Core): () => Promise<string | undefined> {
  let path: string | undefined;
  let readAt = 0;
  let token: Promise<string | undefined> = Promise.resolve(undefined);
  return () => {
    const { tokenFile } = core.config.current.metrics;
    const now = core.world.monotonic();
    if (tokenFile === undefined) return Promise.resolve(undefined);
    if (tokenFile !== path || now - readAt > KEEP_MS) {
      path = tokenFile;
      readAt = now;
      token = readSmallFile(tokenFile, TOKEN_BYTES).then(firstLine, () => undefined);
    }
    return token;
  };
}
