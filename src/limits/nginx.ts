import type { Limit } from "./limit.ts";

/** The limits that nginx keeps in front of the gateway (nginx/render-site.sh): part of the table. */
export const proxyLimitTable = {
  nginxConnections: {
    value: 4096,
    unit: "count",
    bounds:
      "WebSockets through nginx from one address (IPv6: /64), sized for many people behind one",
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
    bounds: "handshakes from one address at once, as after a restart",
    past: "HTTP 429",
    metric: "-",
    test: "e2e/nginx-site.test.ts",
  },
} as const satisfies Record<string, Limit>;
