import type { Limit } from "./limit.ts";

/**
 * The limits between the gateway and its supervisor (systemd, pm2 or a container): a part of the
 * table in table.ts.
 */
export const supervisionLimitTable = {
  selfProbeMs: {
    value: 5000,
    unit: "ms",
    bounds: "time the gateway's own listener may take to answer its own probe",
    past: "not ready yet at the start; later no ping for systemd's watchdog, which restarts it",
    metric: "-",
    test: "main/watchdog.test.ts",
  },
  extendMs: {
    value: 30_000,
    unit: "ms",
    bounds: "extra time asked of systemd again and again while state is loaded or flushed",
    past: "systemd ends the process that no longer asks",
    metric: "-",
    test: "main/supervision.test.ts",
  },
  drainCloses: {
    value: 100,
    unit: "count",
    bounds: "connections closed in one go when the gateway stops or restarts",
    past: "the next ones follow after `drainPauseMs`, so that not all come back at once",
    metric: "-",
    test: "gateway/drain.test.ts",
  },
  drainPauseMs: {
    value: 40,
    unit: "ms",
    bounds: "pause between two such goes (2,500 connections in a second)",
    past: "-",
    metric: "-",
    test: "gateway/drain.test.ts",
  },
} as const satisfies Record<string, Limit>;
