import { type Limit, MiB, SECOND } from "./limit.ts";
import { byMemory, fitting } from "./usable-memory.ts";

/** The limits of sockets by whose they are, in every state: a part of the table in table.ts. */
export const placeLimitTable = {
  placesPerAddress: {
    value: 8_000,
    unit: "count",
    bounds:
      "sockets of one address (IPv6: /64) that are not authenticated: plain HTTP, an upgrade that waits, before hello-ok, waiting for approval, ended and perhaps not hung up; never more than are free of `connections`",
    past: "the next one is ended without an answer, or HTTP 503 `Too many connections`; one that the gateway ends gets its answer and no close frame",
    metric: "connections-refused",
    test: "gateway/places.test.ts",
  },
  placesKept: {
    value: 2_000,
    unit: "count",
    bounds:
      "places that are kept for addresses from which a paired device came before, and as many more for addresses that hold none (an eighth of `connections` at most)",
    past: "other addresses get HTTP 503 `Too many connections`",
    metric: "connections-refused",
    test: "gateway/places.test.ts",
  },
  knownAddresses: {
    value: 4_096,
    unit: "count",
    bounds:
      "addresses that are known so; after a start those from which the paired devices seen last asked or opened their link",
    past: "the one from which none came for longest is forgotten",
    metric: "-",
    test: "gateway/places.test.ts",
  },
  placesPerPrefix: {
    value: 12_000,
    unit: "count",
    bounds:
      "the same of one network (IPv4: /24, IPv6: /48); never more than twice as many as are free of `connections`",
    past: "as for `placesPerAddress`",
    metric: "connections-refused",
    test: "gateway/places.test.ts",
  },
  upgradesWaitingPerAddress: {
    value: 6_000,
    unit: "count",
    bounds: "of `upgradesWaiting`, those of one address",
    past: "HTTP 503 `Too many connections`",
    metric: "connections-refused",
    test: "gateway/upgrade-queue.test.ts",
  },
  endedMs: {
    value: 20 * SECOND,
    unit: "ms",
    bounds:
      "time for which a socket that the gateway closed with a frame counts as open: its client may not have hung up, and uWebSockets.js does not say (it waits 16 s, measured: 17)",
    past: "it counts no more",
    metric: "-",
    test: "transport/ended-sockets.test.ts",
  },
  deviceSockets: {
    value: fitting(byMemory.deviceSockets),
    unit: "count",
    bounds:
      "ready sockets of one device, or of one address without a device (a quarter of memory at most, 8 to 512); past the first never more than are free of `connections`",
    past: "the connect is refused with `UNAVAILABLE` `too many connections of this device`, retryable, and closed 1013",
    metric: "device-sockets-refused",
    test: "gateway/device-share.test.ts",
  },
  deviceRequests: {
    value: 2_048,
    unit: "count",
    bounds: "unanswered requests of one device, over all its connections",
    past: "`UNAVAILABLE` `too many requests in flight`, retryable",
    metric: "requests-refused",
    test: "gateway/device-share.test.ts",
  },
  deviceRequestChars: {
    value: 16 * MiB,
    unit: "count",
    bounds: "characters of the unanswered requests of one device, over all its connections",
    past: "`UNAVAILABLE` `too much in flight`, retryable",
    metric: "requests-refused",
    test: "gateway/device-share.test.ts",
  },
  answersAtOnce: {
    value: 256,
    unit: "count",
    bounds: "HTTP answers that are in the making or not read yet, in all",
    past: "the oldest of the address with most of them is dropped, or the next one gets HTTP 503 `Too many answers wait to be read`",
    metric: "answers-refused",
    test: "transport/http-answers.test.ts",
  },
  requestsPerTurn: {
    value: 128,
    unit: "count",
    bounds:
      "HTTP requests of one address in one turn of the event loop: more come only from one that sends them without waiting for answers, and would keep all others waiting",
    past: "the connection is dropped, and for 10 s that address may have 8 in a turn",
    metric: "answers-refused",
    test: "transport/http-answers.test.ts",
  },
  answersPerAddress: {
    value: 64,
    unit: "count",
    bounds: "the same of one address (IPv6: /64)",
    past: "HTTP 503 `Too many answers wait to be read`",
    metric: "answers-refused",
    test: "transport/http-answers.test.ts",
  },
} as const satisfies Record<string, Limit>;
