import { type Limit, MINUTE } from "./limit.ts";

/** The limits of requests for approval: a part of the table in table.ts. */
export const requestLimitTable = {
  pendingRequests: {
    value: 256,
    unit: "count",
    bounds: "pairing requests that wait for a decision, in all",
    past: "the oldest of the address with most of them is dropped",
    metric: "pending-evicted",
    test: "requests/devices.test.ts",
  },
  pendingPerAddress: {
    value: 16,
    unit: "count",
    bounds: "pairing requests that wait for a decision, from one address",
    past: "that address's oldest is dropped",
    metric: "pending-evicted",
    test: "requests/devices.test.ts",
  },
  pendingMs: {
    value: 30 * MINUTE,
    unit: "ms",
    bounds: "life of a pairing request after its last retry",
    past: "expires; a retry makes a new one",
    metric: "-",
    test: "requests/devices.test.ts",
  },
  replacedRequestsKept: {
    value: 256,
    unit: "count",
    bounds: "superseded request ids that still answer with their replacement",
    past: "the oldest is forgotten and answers `unknown requestId`",
    metric: "-",
    test: "requests/devices.test.ts",
  },
  askChars: {
    value: 480,
    unit: "count",
    bounds:
      "characters of what a request asks for, in a line of the log, in `list` over SSH, and in what a superseded request id answers",
    past: "they are cut; the log and `list` then name the command that shows all of it, and none that approves it",
    metric: "-",
    test: "words/capabilities.test.ts",
  },
} as const satisfies Record<string, Limit>;
