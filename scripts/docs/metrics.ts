import type { Gateway } from "../../src/gateway/gateway.ts";
import { LoopWatch } from "../../src/host/loop-gauge.ts";
import type { Core } from "../../src/main/core.ts";
import { metricSpecs, notifyMetrics } from "../../src/main/metrics.ts";
import type { Notifier } from "../../src/notify/notifier.ts";

const INTRO = [
  "`GET /metrics` answers in Prometheus' text format to whoever sends `Authorization: Bearer` with the",
  "metrics token or the gateway's shared secret. Give Prometheus the token: it reads metrics and opens",
  "nothing else.",
  "",
  "```sh",
  "install -m 640 -g openclaw-gateway /dev/null /etc/openclaw-gateway/metrics-token",
  "openssl rand -hex 24 > /etc/openclaw-gateway/metrics-token",
  "openclaw config set metrics.tokenFile /etc/openclaw-gateway/metrics-token",
  "```",
  "",
  "The group is the one the gateway runs as; Prometheus needs a copy that its own user can read.",
  "",
  "```yaml",
  "scrape_configs:",
  "  - job_name: openclaw",
  "    authorization:",
  "      credentials_file: /etc/prometheus/openclaw-token",
  "    static_configs:",
  '      - targets: ["127.0.0.1:18789"]',
  "```",
  "",
  "The board for Grafana is `deploy/grafana-dashboard.json`: Dashboards, New, Import. Without Prometheus,",
  "`/healthz` says that the process lives and `/readyz` whether it takes connects and keeps what it is",
  "told: 200, or 503 with the reasons in `failing` (`starting`, `draining`, `store`).",
  "",
];

/** The page of metrics: how to read them, and every one there is. */
export function metricsLines(): string[] {
  // Only names and help are taken here; the values are read from these when somebody scrapes.
  const specs = [
    ...metricSpecs({} as Core, {} as Gateway, new LoopWatch()),
    ...notifyMetrics({} as Notifier),
  ];
  const rows = specs.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`);
  return [...INTRO, "| metric | type | says |", "|---|---|---|", ...rows];
}
