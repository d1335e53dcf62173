import { type Limit, SECOND } from "./limit.ts";
import { byMemory, fitting } from "./usable-memory.ts";

/** The limits on sockets by how far they got: the part of the table in table.ts about crowds. */
export const socketLimitTable = {
  unauthenticatedSockets: {
    value: fitting(byMemory.unauthenticatedSockets),
    unit: "count",
    bounds: "sockets before hello-ok, in all (a quarter of memory at most, 8 to 512)",
    past: "the next one waits; a silent one of the address with most of them is closed 1013 `too many connections`",
    metric: "unauthenticated-evicted",
    test: "gateway/admission.test.ts",
  },
  unauthenticatedPerAddress: {
    value: 32,
    unit: "count",
    bounds:
      "sockets before hello-ok from one address (IPv6: /64); half of `unauthenticatedSockets` where that is less",
    past: "the next one waits while half of `unauthenticatedSockets` are taken; HTTP 503 `Too many unauthenticated sockets` where so many are silent and nobody from there waits",
    metric: "unauthenticated-refused",
    test: "gateway/admission.test.ts",
  },
  unauthenticatedGraceMs: {
    value: 2 * SECOND,
    unit: "ms",
    bounds: "time from open to the connect after which a socket counts as silent",
    past: "it may have to give way, and is held against its address",
    metric: "unauthenticated-evicted",
    test: "gateway/admission.test.ts",
  },
  upgradesWaiting: {
    value: 8192,
    unit: "count",
    bounds:
      "connection requests that wait for one of `unauthenticatedSockets`, `handshakeMs` at most",
    past: "HTTP 503 `Too many connections` for one of the address with most of them",
    metric: "connections-refused",
    test: "gateway/upgrade-queue.test.ts",
  },
  silentPerAddress: {
    value: 4_000,
    unit: "count",
    bounds:
      "TCP connections of one address (IPv6: /64) without a WebSocket request, over 12 to 24 s; a quarter of `connections` where that is less, and none for `gateway.trustedProxies`. One that sends no whole request is ended after 8 to 12 s",
    past: "the next one is ended without an answer",
    metric: "silent-refused",
    test: "transport/idle-sockets.test.ts",
  },
  connections: {
    value: 16_000,
    unit: "count",
    bounds: "sockets in all, and less where the process may not open so many files",
    past: "HTTP 503 `Too many connections`",
    metric: "connections-refused",
    test: "gateway/admission.test.ts",
  },
  waitingSockets: {
    value: fitting(byMemory.waitingSockets),
    unit: "count",
    bounds: "sockets that wait for approval, in all (an eighth of memory at most, 8 to 256)",
    past: "the newest of a /24 or /48 with more than `pendingPerPrefix`, or half of them where that is less, is closed 1013 `too many waiting`; else the new one, whose request stays",
    metric: "waiting-evicted",
    test: "gateway/admission.test.ts",
  },
  waitingPerAddress: {
    value: 16,
    unit: "count",
    bounds:
      "sockets that wait for approval, from one address; half of `waitingSockets` where that is less",
    past: "the new one is closed 1013 `too many waiting`; its request stays",
    metric: "waiting-evicted",
    test: "gateway/admission.test.ts",
  },
  localHangUpMs: {
    value: 1000,
    unit: "ms",
    bounds:
      "time that a program on the admin or approve socket has to read its last answers when it was refused, or the gateway stops",
    past: "that connection is dropped",
    metric: "-",
    test: "transport/local-socket.test.ts",
  },
  localLeaving: {
    value: 16,
    unit: "count",
    bounds: "refused programs of each of these sockets that may take that long at once",
    past: "the next one's connection is ended right behind the reason",
    metric: "admin-refused",
    test: "transport/local-socket.test.ts",
  },
} as const satisfies Record<string, Limit>;
