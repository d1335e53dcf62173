import { type Limit, MINUTE, SECOND } from "./limit.ts";

const TURNED_AWAY = "`UNAVAILABLE` `too many pairing requests; retry later`, retryable";

/** The limits of requests for approval: a part of the table in table.ts. */
export const requestLimitTable = {
  pendingRequests: {
    value: 256,
    unit: "count",
    bounds: "pairing requests that wait for a decision, in all",
    past: `one whose device neither waits nor came back is dropped, of the widest crowd the newest; where all wait, the newest of a /24 or /48 with more than \`pendingPerPrefix\`; else the new one: ${TURNED_AWAY}`,
    metric: "pending-evicted",
    test: "requests/devices.test.ts",
  },
  pendingPerAddress: {
    value: 16,
    unit: "count",
    bounds: "pairing requests that wait for a decision, from one address",
    past: `that address's newest is dropped whose device neither waits nor came back; else the new one: ${TURNED_AWAY}`,
    metric: "requests-turned-away",
    test: "requests/devices.test.ts",
  },
  pendingPerPrefix: {
    value: 16,
    unit: "count",
    bounds:
      "pairing requests, and sockets that wait for approval, of one /24 (IPv6: /48) that others never push out while their devices wait",
    past: "where all places are taken the newest beyond it gives way to one from a smaller crowd",
    metric: "pending-evicted",
    test: "lib/give-way.test.ts",
  },
  requestGraceMs: {
    value: 45 * SECOND,
    unit: "ms",
    bounds:
      "time from its request on for which a device that hung up counts as one that waits: longer than the longest pause between two tries of OpenClaw's own clients",
    past: "it counts as gone until it comes back",
    metric: "-",
    test: "requests/devices.test.ts",
  },
  requestRecentMs: {
    value: 2 * MINUTE,
    unit: "ms",
    bounds:
      "time from its last retry on for which a device counts as one that waits: four times the longest pause between two tries of OpenClaw's own clients",
    past: "it counts as gone until it comes back",
    metric: "-",
    test: "requests/devices.test.ts",
  },
  requestBurstPerAddress: {
    value: 32,
    unit: "count",
    bounds:
      "new pairing requests at once of one address, or of one device that is paired or shows the shared secret",
    past: TURNED_AWAY,
    metric: "requests-turned-away",
    test: "requests/pace.test.ts",
  },
  requestsPerMinutePerAddress: {
    value: 30,
    unit: "count",
    bounds: "new pairing requests of one such address or device in a minute, once that is used up",
    past: TURNED_AWAY,
    metric: "requests-turned-away",
    test: "requests/pace.test.ts",
  },
  requestBurstPerPrefix: {
    value: 48,
    unit: "count",
    bounds: "new pairing requests at once of one /24 (IPv6: /48)",
    past: TURNED_AWAY,
    metric: "requests-turned-away",
    test: "requests/pace.test.ts",
  },
  requestsPerMinutePerPrefix: {
    value: 60,
    unit: "count",
    bounds: "new pairing requests of one /24 (IPv6: /48) in a minute, once that is used up",
    past: TURNED_AWAY,
    metric: "requests-turned-away",
    test: "requests/pace.test.ts",
  },
  requestBurst: {
    value: 64,
    unit: "count",
    bounds:
      "new pairing requests at once, of all who neither are paired nor show the shared secret",
    past: TURNED_AWAY,
    metric: "requests-turned-away",
    test: "requests/pace.test.ts",
  },
  requestsPerMinute: {
    value: 240,
    unit: "count",
    bounds:
      "new pairing requests in a minute, of all who neither are paired nor show the shared secret, once that is used up: too few to fill `pendingRequests` with devices that ask once within `requestGraceMs`",
    past: TURNED_AWAY,
    metric: "requests-turned-away",
    test: "requests/pace.test.ts",
  },
  requestAgainMs: {
    value: 5 * SECOND,
    unit: "ms",
    bounds: "`retryAfterMs` of a request that found no place",
    past: "it is decided anew",
    metric: "-",
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
