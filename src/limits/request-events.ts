import { KiB, type Limit, MiB, SECOND } from "./limit.ts";

const LATER =
  "the event waits; `device.pair.changed` with `more` tells meanwhile that the lists have changed";

/** The limits of what is told about requests: a part of the table in table.ts. */
export const requestEventLimitTable = {
  requestEventBytesPerSecond: {
    value: 16 * KiB,
    unit: "bytes",
    bounds:
      "events about requests (`device.pair.…`, `node.pair.…`) to one listener in a second, once `requestEventBurstBytes` is used up; what the owner decides is always told",
    past: LATER,
    metric: "request-events-left-out",
    test: "events/stranger-events.test.ts",
  },
  requestEventBurstBytes: {
    value: 256 * KiB,
    unit: "bytes",
    bounds: "such events to one listener at once",
    past: LATER,
    metric: "request-events-left-out",
    test: "events/stranger-events.test.ts",
  },
  requestEventTotalBytesPerSecond: {
    value: 16 * MiB,
    unit: "bytes",
    bounds: "such events in a second, over all listeners",
    past: LATER,
    metric: "request-events-left-out",
    test: "events/stranger-events.test.ts",
  },
  requestEventsMoreMs: {
    value: SECOND,
    unit: "ms",
    bounds: "least time between two `device.pair.changed` with `more`",
    past: "what is left out meanwhile is counted in the next one",
    metric: "-",
    test: "events/stranger-events.test.ts",
  },
  requestEventsKept: {
    value: 1024,
    unit: "count",
    bounds: "new requests that are told later, and as many ends of requests",
    past: "the oldest is not told, but for `more`",
    metric: "-",
    test: "events/stranger-events.test.ts",
  },
} as const satisfies Record<string, Limit>;
