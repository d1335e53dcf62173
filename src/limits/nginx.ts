import type { Limit } from "./limit.ts";

/** The limits that nginx keeps in front of the gateway (nginx/render-site.sh): part of the table. */
export const proxyLimitTable = {
  nginxConnections: {
    value: 4096,
    unit: "count",
    bounds:
      "WebSockets through nginx from one address (IPv6: /64), sized for many people behind one: a quarter of a worker's `worker_connections` (as the installer sets them), an eighth where there is one worker",
    past: "HTTP 429",
    metric: "-",
    test: "e2e/nginx-site.test.ts",
  },
  nginxRequests: {
    value: 1024,
    unit: "count",
    bounds:
      "other requests through nginx from one address at once: a quarter of `nginxConnections`",
    past: "HTTP 429",
    metric: "-",
    test: "e2e/nginx-site.test.ts",
  },
  nginxHandshakesPerSecond: {
    value: 200,
    unit: "count",
    bounds:
      "WebSocket handshakes through nginx from one address in a second, once the burst is used up",
    past: "HTTP 429",
    metric: "-",
    test: "e2e/nginx-site.test.ts",
  },
  nginxHandshakeBurst: {
    value: 4096,
    unit: "count",
    bounds:
      "handshakes from one address at once, as after a restart: as many as `nginxConnections`",
    past: "HTTP 429",
    metric: "-",
    test: "e2e/nginx-site.test.ts",
  },
} as const satisfies Record<string, Limit>;
