import { type Limit, MiB } from "./limit.ts";

/** The limits of presence: a part of the table in table.ts. */
export const presenceLimitTable = {
  presenceEntries: {
    value: 200,
    unit: "count",
    bounds: "entries of the presence list",
    past: "the oldest connections are left out of the list",
    metric: "-",
    test: "events/presence.test.ts",
  },
  presenceCoalesceMs: {
    value: 200,
    unit: "ms",
    bounds: "least time between two presence events",
    past: "changes in between go out together",
    metric: "-",
    test: "events/presence.test.ts",
  },
  presenceBytesPerSecond: {
    value: 16 * MiB,
    unit: "bytes",
    bounds: "presence events per second, over all connections",
    past: "the next event waits; changes meanwhile go out together",
    metric: "-",
    test: "events/presence.test.ts",
  },
} as const satisfies Record<string, Limit>;
