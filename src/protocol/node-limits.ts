import type { Limit } from "./limits.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const SECOND = 1000;
const HOUR = 60 * 60 * SECOND;

/** The limits of nodes: part of the table in limits.ts. */
export const nodeLimitTable = {
  nodeSurfaceItems: {
    value: 256,
    unit: "count",
    bounds: "commands of one node, and as many capabilities and permissions",
    past: "the rest, by name, is left out",
    metric: "-",
    test: "nodes/claims.test.ts",
  },
  nodeSurfaceChars: {
    value: 128,
    unit: "count",
    bounds: "characters of one command, capability or permission",
    past: "it is left out",
    metric: "-",
    test: "nodes/claims.test.ts",
  },
  nodeRequests: {
    value: 1000,
    unit: "count",
    bounds: "nodes' surfaces that wait for a decision",
    past: "the oldest is dropped; its node asks again when it next connects",
    metric: "-",
    test: "nodes/surface.test.ts",
  },
  nodeListRows: {
    value: 2000,
    unit: "count",
    bounds: "nodes in one answer of `node.list` or `node.pair.list`",
    past: "connected ones and those that wait come first, with `truncated: true`",
    metric: "-",
    test: "nodes/list.test.ts",
  },
  nodeInvokes: {
    value: 4096,
    unit: "count",
    bounds: "unanswered `node.invoke` in all",
    past: "`UNAVAILABLE` `too many node invokes in flight`, retryable",
    metric: "node-invokes-refused",
    test: "nodes/invoke.test.ts",
  },
  nodeInvokesPerNode: {
    value: 512,
    unit: "count",
    bounds: "unanswered `node.invoke` of one node",
    past: "`UNAVAILABLE` `too many node invokes in flight`, retryable",
    metric: "node-invokes-refused",
    test: "nodes/invoke.test.ts",
  },
  nodeInvokesPerCaller: {
    value: 128,
    unit: "count",
    bounds: "unanswered `node.invoke` of one connection",
    past: "`UNAVAILABLE` `too many node invokes in flight`, retryable",
    metric: "node-invokes-refused",
    test: "nodes/invoke.test.ts",
  },
  nodeInvokeMs: {
    value: 30 * SECOND,
    unit: "ms",
    bounds: "time a node has for a `node.invoke` without `timeoutMs`",
    past: "`UNAVAILABLE` `TIMEOUT: node invoke timed out`; the node is told to cancel",
    metric: "-",
    test: "nodes/invoke.test.ts",
  },
  nodeInvokeMaxMs: {
    value: HOUR,
    unit: "ms",
    bounds: "longest `timeoutMs` of a `node.invoke`",
    past: "it counts as this much",
    metric: "-",
    test: "nodes/invoke.test.ts",
  },
  nodeChunkBytes: {
    value: 16 * KiB,
    unit: "bytes",
    bounds: "one chunk of `node.invoke.progress`",
    past: "`INVALID_REQUEST` `progress chunk too large`",
    metric: "-",
    test: "nodes/invoke-wire.test.ts",
  },
  nodeEventMs: {
    value: SECOND,
    unit: "ms",
    bounds: "least time between two events of one kind about one node",
    past: "what it sent is kept for `node.list`, and nobody is told",
    metric: "-",
    test: "nodes/events.test.ts",
  },
  nodePublishedBytes: {
    value: MiB,
    unit: "bytes",
    bounds: "skills, and as many bytes of tools, that one connected node publishes",
    past: "`INVALID_REQUEST` `too large`",
    metric: "-",
    test: "nodes/events.test.ts",
  },
  nodeWork: {
    value: 10_000,
    unit: "count",
    bounds: "nodes with work that waits for them",
    past: "`UNAVAILABLE` `too much pending work`, retryable",
    metric: "node-work-refused",
    test: "nodes/work.test.ts",
  },
  nodeActions: {
    value: 32,
    unit: "count",
    bounds: "commands kept for one node until it is in the foreground (64 KiB of params each)",
    past: "the oldest is dropped",
    metric: "-",
    test: "nodes/work.test.ts",
  },
} as const satisfies Record<string, Limit>;
