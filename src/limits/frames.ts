import { KiB, type Limit, MiB, SECOND } from "./limit.ts";

/** The limits of frames and of the time before hello-ok: a part of the table in table.ts. */
export const frameLimitTable = {
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
  frameLevels: {
    value: 128,
    unit: "count",
    bounds: "levels of objects and lists in a frame, and in the `payloadJSON` of a node",
    past: "`INVALID_REQUEST` `nested deeper than 128 levels`; before hello-ok close 1008 `invalid request frame`",
    metric: "frame-too-deep",
    test: "gateway/levels.test.ts",
  },
  handshakeMs: {
    value: 15 * SECOND,
    unit: "ms",
    bounds: "time from open to hello-ok",
    past: "close 1000 `handshake timeout`",
    metric: "handshake-timeout",
    test: "gateway/frames.test.ts",
  },
  queuedBehindConnect: {
    value: 15,
    unit: "count",
    bounds: "frames sent behind an unanswered connect, or while waiting for approval",
    past: "close 1008 `too many pending handshake frames`",
    metric: "handshake-flood",
    test: "gateway/frames.test.ts",
  },
} as const satisfies Record<string, Limit>;
