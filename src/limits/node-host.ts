import type { Limit } from "./limit.ts";

/**
 * The limits of a machine that `openclaw connect` made a node: what a gateway and its operators can
 * make it do. They hold in that program, not in the gateway.
 */
export const nodeHostLimitTable = {
  hostPrograms: {
    value: 16,
    unit: "count",
    bounds: "programs that one of our node hosts runs at once (`system.run`, `system.notify`)",
    past: "the invoke is answered `UNAVAILABLE` busy",
    metric: "-",
    test: "cli/node-host/invokes.test.ts",
  },
  hostInvokes: {
    value: 1_000,
    unit: "count",
    bounds: "commands under way on one of our node hosts",
    past: "the invoke is answered `UNAVAILABLE` busy",
    metric: "-",
    test: "cli/node-host/invokes.test.ts",
  },
  hostRunMs: {
    value: 600_000,
    unit: "ms",
    bounds: "time of one `system.run` on our node host (less where the caller says so)",
    past: "its process group is ended, then killed; the answer says `timedOut`",
    metric: "-",
    test: "cli/node-host/run.test.ts",
  },
  hostOutputBytes: {
    value: 256 * 1024,
    unit: "bytes",
    bounds: "standard output, and standard error, of one `system.run` on our node host",
    past: "the beginning is left out; the answer says `truncated`",
    metric: "-",
    test: "cli/node-host/run.test.ts",
  },
  hostAllowBytes: {
    value: 64 * 1024,
    unit: "bytes",
    bounds: "the allow-list of our node host",
    past: "the file is refused whole, and `system.run` with it",
    metric: "-",
    test: "cli/node-host/allow-file.test.ts",
  },
  hostWhichNames: {
    value: 64,
    unit: "count",
    bounds: "names in one `system.which` on our node host",
    past: "the invoke is answered `INVALID_REQUEST`",
    metric: "-",
    test: "cli/node-host/commands.test.ts",
  },
  hostJoinChars: {
    value: 24 * 1024,
    unit: "count",
    bounds: "characters of the answer of a join address (`https://…/j/…`)",
    past: "`there is no setup code at …`",
    metric: "-",
    test: "cli/node-host/join.test.ts",
  },
  hostJoinMs: {
    value: 15_000,
    unit: "ms",
    bounds: "time of a join address to answer",
    past: "`… can't be asked for the setup code`",
    metric: "-",
    test: "cli/node-host/join.test.ts",
  },
} as const satisfies Record<string, Limit>;
