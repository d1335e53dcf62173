import { type Limit, MINUTE, MiB, SECOND } from "./limit.ts";

/** The limits of a connection that is ready: a part of the table in table.ts. */
export const connectionLimitTable = {
  bufferedBytes: {
    value: 16 * MiB,
    unit: "bytes",
    bounds: "unsent bytes of one connection (`policy.maxBufferedBytes`)",
    past: "latest-state events are dropped; anything else closes 1008 `slow consumer`",
    metric: "slow-consumer",
    test: "e2e/wire-limits.test.ts",
  },
  slowConsumerMs: {
    value: SECOND,
    unit: "ms",
    bounds: "time a slow consumer has to take what is queued, and then its close frame",
    past: "the socket is dropped without a close frame (the client sees 1006)",
    metric: "slow-consumer",
    test: "e2e/wire-limits.test.ts",
  },
  requestsInFlight: {
    value: 256,
    unit: "count",
    bounds: "unanswered requests of one connection",
    past: "`UNAVAILABLE` `too many requests in flight`, retryable",
    metric: "requests-refused",
    test: "gateway/dispatch.test.ts",
  },
  unauthorizedCalls: {
    value: 10,
    unit: "count",
    bounds: "calls in a row outside the connection's role",
    past: "close 1008 `repeated unauthorized calls`",
    metric: "unauthorized-flood",
    test: "gateway/dispatch.test.ts",
  },
  olderClients: {
    value: 64,
    unit: "count",
    bounds: "clients that `status` names because they speak an older version of the protocol",
    past: "the one that came longest ago is left out; it is counted all the same",
    metric: "-",
    test: "gateway/protocol-versions.test.ts",
  },
  tickMs: {
    value: 30 * SECOND,
    unit: "ms",
    bounds:
      "time between two ticks (`policy.tickIntervalMs`), and between two looks at a configuration whose changes may not be told",
    past: "-",
    metric: "-",
    test: "events/hub.test.ts",
  },
  healthMs: {
    value: MINUTE,
    unit: "ms",
    bounds: "time between two health events",
    past: "-",
    metric: "-",
    test: "gateway/events.test.ts",
  },
  drainMs: {
    value: 5 * SECOND,
    unit: "ms",
    bounds: "time a stop or restart waits for requests that run to be answered",
    past: "the rest goes unanswered",
    metric: "-",
    test: "gateway/drain.test.ts",
  },
} as const satisfies Record<string, Limit>;
