import type { Limit } from "./limit.ts";

/** The limits of `openclaw devices watch`. They hold in that program, not in the gateway. */
export const watchLimitTable = {
  watchAwayMs: {
    value: 120_000,
    unit: "ms",
    bounds: "time that `devices watch` waits for a gateway that went away",
    past: "it ends with exit code 3 and says so",
    metric: "-",
    test: "cli/commands/watch/feed.test.ts",
  },
  watchRetryMs: {
    value: 100,
    unit: "ms",
    bounds: "first pause of `devices watch` before it tries a gateway that went away again",
    past: "it doubles up to `watchRetryMaxMs`",
    metric: "-",
    test: "cli/commands/watch/feed.test.ts",
  },
  watchRetryMaxMs: {
    value: 2_000,
    unit: "ms",
    bounds: "longest such pause",
    past: "-",
    metric: "-",
    test: "cli/commands/watch/feed.test.ts",
  },
  watchRows: {
    value: 2_000,
    unit: "count",
    bounds: "requests that `devices watch` keeps, more than one of our gateways has",
    past: "later ones are not shown until others are gone",
    metric: "-",
    test: "cli/commands/watch/requests.test.ts",
  },
  watchUnseenMs: {
    value: 400,
    unit: "ms",
    bounds: "time for which `devices watch` must have shown a request before a key decides on it",
    past: "a key that comes sooner was typed before anybody could read, and does nothing",
    metric: "-",
    test: "cli/commands/watch/reduce.test.ts",
  },
} as const satisfies Record<string, Limit>;
