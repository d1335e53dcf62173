import { type Limit, MINUTE, MiB } from "./limit.ts";

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
  presenceBeacons: {
    value: 64,
    unit: "count",
    bounds:
      "entries of the presence list that clients sent as a `system-event` and that outlive their connection",
    past: "the one that came longest ago is left out, the sender's own first",
    metric: "-",
    test: "events/presence.test.ts",
  },
  presenceBeaconsPerDevice: {
    value: 16,
    unit: "count",
    bounds: "of `presenceBeacons`, those of one device, or of all clients without a device key",
    past: "the one of them that came longest ago is left out",
    metric: "-",
    test: "events/presence.test.ts",
  },
  presenceBeaconMs: {
    value: 5 * MINUTE,
    unit: "ms",
    bounds: "time that such an entry lasts after it was sent last",
    past: "it is taken out of the list",
    metric: "-",
    test: "events/presence.test.ts",
  },
  beaconTags: {
    value: 16,
    unit: "count",
    bounds: "tags of a `system-event`",
    past: "the rest is left out",
    metric: "-",
    test: "gateway/beacon.test.ts",
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
