import { totalmem } from "node:os";
import { auditLimitTable } from "./audit.ts";
import { decisionLimitTable } from "./decisions.ts";
import { httpLimitTable } from "./http.ts";
import { KiB, type Limit, MINUTE, MiB, SECOND } from "./limit.ts";
import { inviteLimitTable } from "./links.ts";
import { listLimitTable } from "./lists.ts";
import { logLimitTable } from "./log.ts";
import { proxyLimitTable } from "./nginx.ts";
import { nodeHostLimitTable } from "./node-host.ts";
import { nodeLimitTable } from "./nodes.ts";
import { notifyLimitTable } from "./notify.ts";
import { socketLimitTable } from "./sockets.ts";
import { sshLimitTable } from "./ssh.ts";
import { stateLimitTable } from "./state.ts";
import { supervisionLimitTable } from "./supervision.ts";
import { watchLimitTable } from "./watch.ts";

/**
 * Every limit of the gateway. Worst case before authentication is `transportPayloadBytes` times
 * `unauthenticatedSockets` and `waitingSockets` together, because uWebSockets.js bounds a message per
 * route and hands it over whole; both totals therefore follow the machine's memory.
 */
export const limitTable = {
  preAuthFrameBytes: {
    value: 64 * KiB,
    unit: "bytes",
    bounds: "one frame before hello-ok, and while waiting for approval",
    past: "close 1009 `frame too large before authentication`",
    metric: "frame-too-large",
    test: "gateway/frames.test.ts",
  },
  maxPayloadBytes: {
    value: 8 * MiB,
    unit: "bytes",
    bounds: "one frame after hello-ok (`policy.maxPayload`)",
    past: "close 1009 `frame too large`",
    metric: "frame-too-large",
    test: "gateway/frames.test.ts",
  },
  transportPayloadBytes: {
    value: 8 * MiB + 64 * KiB,
    unit: "bytes",
    bounds: "one frame as uWebSockets.js accepts it",
    past: "the socket is dropped without a close frame (the client sees 1006)",
    metric: "transport-dropped",
    test: "e2e/wire-limits.test.ts",
  },
  handshakeMs: {
    value: 15 * SECOND,
    unit: "ms",
    bounds: "time from open to hello-ok",
    past: "close 1000 `handshake timeout`",
    metric: "handshake-timeout",
    test: "gateway/frames.test.ts",
  },
  ...socketLimitTable,
  queuedBehindConnect: {
    value: 15,
    unit: "count",
    bounds: "frames sent behind an unanswered connect, or while waiting for approval",
    past: "close 1008 `too many pending handshake frames`",
    metric: "handshake-flood",
    test: "gateway/frames.test.ts",
  },
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
  ...inviteLimitTable,
  ...auditLimitTable,
  ...sshLimitTable,
  ...decisionLimitTable,
  ...listLimitTable,
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
  authFailures: {
    value: 10,
    unit: "count",
    bounds: "wrong credentials of one class from one address within `authWindowMs`",
    past: "`AUTH_RATE_LIMITED` for `authLockMs`; valid device tokens still pass",
    metric: "auth-locked",
    test: "lib/limiter.test.ts",
  },
  authWindowMs: {
    value: MINUTE,
    unit: "ms",
    bounds: "window in which wrong credentials are counted",
    past: "the count starts anew",
    metric: "-",
    test: "lib/limiter.test.ts",
  },
  authLockMs: {
    value: 5 * MINUTE,
    unit: "ms",
    bounds: "lock after too many wrong credentials",
    past: "the lock ends",
    metric: "-",
    test: "lib/limiter.test.ts",
  },
  limiterEntries: {
    value: 10_000,
    unit: "count",
    bounds: "addresses whose failures are remembered",
    past: "the longest quiet one is forgotten",
    metric: "-",
    test: "lib/limiter.test.ts",
  },
  argon2AtOnce: {
    value: totalmem() < 1024 * MiB ? 1 : 2,
    unit: "count",
    bounds: "password hashes computed at once (1 below 1 GiB of memory)",
    past: "the next one queues",
    metric: "-",
    test: "auth/secret.test.ts",
  },
  argon2Queued: {
    value: 32,
    unit: "count",
    bounds: "secrets that wait to be hashed",
    past: "`UNAVAILABLE` `authentication busy; retry shortly`, retryable",
    metric: "auth-busy",
    test: "auth/secret.test.ts",
  },
  argon2PerSource: {
    value: 4,
    unit: "count",
    bounds: "different secrets of one address that are hashed or wait for it",
    past: "`UNAVAILABLE` `authentication busy; retry shortly`, retryable",
    metric: "auth-busy",
    test: "auth/secret.test.ts",
  },
  knownSecrets: {
    value: 1024,
    unit: "count",
    bounds: "keyed digests of secrets already checked, right and wrong",
    past: "the oldest is forgotten and costs a hash again",
    metric: "-",
    test: "auth/secret.test.ts",
  },
  clientTextChars: {
    value: 256,
    unit: "count",
    bounds: "characters of one text a client sends about itself",
    past: "cut where it is stored or shown",
    metric: "-",
    test: "lib/text.test.ts",
  },
  scopesPerRequest: {
    value: 32,
    unit: "count",
    bounds:
      "scopes in one connect, link or rotation; a pairing request gathers no more than that over retries",
    past: "`INVALID_REQUEST` `invalid … params`; a retry asks for its own scopes alone",
    metric: "-",
    test: "gateway/envelope.test.ts",
  },
  scopeChars: {
    value: 128,
    unit: "count",
    bounds: "characters of one scope",
    past: "`INVALID_REQUEST` `invalid … params` of the connect, scope upgrade, link or rotation",
    metric: "-",
    test: "gateway/envelope.test.ts",
  },
  scopesPerDevice: {
    value: 64,
    unit: "count",
    bounds: "scopes of one device, gathered over approvals",
    past: "the approval is refused; a link grants its own scopes alone",
    metric: "-",
    test: "pairing/ledger.test.ts",
  },
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
  tickMs: {
    value: 30 * SECOND,
    unit: "ms",
    bounds: "time between two ticks (`policy.tickIntervalMs`)",
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
  ...supervisionLimitTable,
  logLinesPerSecond: {
    value: 20,
    unit: "count",
    bounds: "log lines about refusals and closes in one second (and as many about failures)",
    past: "one summary line a second, with how many of each kind were left out",
    metric: "log-left-out",
    test: "lib/bounded-log.test.ts",
  },
  logBufferBytes: {
    value: MiB,
    unit: "bytes",
    bounds: "log text that a full disk or a stuck reader has not taken yet",
    past: "newer lines are lost until it takes some",
    metric: "-",
    test: "fault/log-full.test.ts",
  },
  ...logLimitTable,
  adminConnections: {
    value: 64,
    unit: "count",
    bounds: "command-line connections on the admin socket",
    past: "the next one is closed with `too many admin connections`",
    metric: "admin-refused",
    test: "transport/local-socket.test.ts",
  },
  adminFrameBytes: {
    value: MiB,
    unit: "bytes",
    bounds: "one frame on the admin socket",
    past: "that connection is closed with `frame too large`",
    metric: "admin-refused",
    test: "transport/local-socket.test.ts",
  },
  adminQueueBytes: {
    value: MiB,
    unit: "bytes",
    bounds: "events that a connection on the admin socket asked for and did not read",
    past: "that connection is closed with `events were not read in time`",
    metric: "admin-slow",
    test: "transport/local-socket.test.ts",
  },
  ...httpLimitTable,
  ...nodeLimitTable,
  ...notifyLimitTable,
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limitTable;

/** The numbers alone: what services take, so that a test can use smaller ones. */
export type Limits = { readonly [name in LimitName]: number };

/** The table's numbers, with `overrides` in place of some. */
export function limitValues(overrides: Partial<Limits> = {}): Limits {
  const values = Object.fromEntries(
    Object.entries(limitTable).map(([name, limit]) => [name, limit.value]),
  ) as unknown as Limits;
  return { ...values, ...overrides };
}

/** The whole table, as the documentation prints it and a test holds it. */
export const allLimits: Readonly<Record<string, Limit>> = {
  ...limitTable,
  ...stateLimitTable,
  ...proxyLimitTable,
  ...nodeHostLimitTable,
  ...watchLimitTable,
};
