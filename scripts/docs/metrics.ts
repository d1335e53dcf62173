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
  "## Where it is scraped",
  "",
  "Installed with nginx in front the gateway listens on a socket and on no port, and nginx passes",
  "`/metrics` on. The target is the name of its page, also for a Prometheus on the same machine:",
  "",
  "```yaml",
  "scrape_configs:",
  "  - job_name: openclaw",
  "    scheme: https",
  "    authorization:",
  "      credentials_file: /etc/prometheus/openclaw-token",
  "    static_configs:",
  '      - targets: ["gateway.example.com:443"]',
  "```",
  "",
  "Without a domain the target is the machine's address, and the certificate its own: give Prometheus a",
  "copy of `/etc/nginx/openclaw-gateway/cert.pem` as `ca_file` below `tls_config`. Installed with",
  "`--no-tls` it is `scheme: http` and port 80; with `--https-port` and `--http-port` those ports.",
  "",
  "Installed with `--no-nginx`, or run from a clone, it listens on a port of the machine itself, which",
  "`--port` or `gateway.port` may have changed:",
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
  "`openclaw gateway status` says where a gateway listens.",
  "",
  "## What there is",
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
