import type { Gateway } from "../gateway/gateway.ts";
import type { ProtocolCount } from "../gateway/protocol-use.ts";
import { LoopWatch } from "../host/loop-gauge.ts";
import { type MetricSpec, Metrics, type Sample, sample } from "../lib/metrics.ts";
import { limitTable } from "../limits/table.ts";
import type { Notifier } from "../notify/notifier.ts";
import { closes } from "../protocol/close.ts";
import type { Core } from "./core.ts";
import { processMetrics } from "./process-metrics.ts";
import { ready } from "./ready.ts";
import { storeMetrics } from "./store-metrics.ts";

/** What `/metrics` answers with, until it is closed. */
export function makeMetrics(
  core: Core,
  gateway: Gateway,
  more: readonly MetricSpec[],
): { metrics: Metrics; close(): void } {
  const loop = new LoopWatch();
  const specs = [...metricSpecs(core, gateway, loop), ...more];
  return { metrics: new Metrics(specs), close: () => loop.close() };
}

/**
 * Everything that `/metrics` shows. Nothing here counts: what counts are plain numbers elsewhere, read at each request. Labels take their values from declarations only, never from clients.
 */
export function metricSpecs(core: Core, gateway: Gateway, loop: LoopWatch): MetricSpec[] {
  return [
    ...connectionMetrics(core, gateway),
    ...countMetrics(gateway),
    ...requestMetrics(gateway),
    ...storeMetrics(core),
    ...secretMetrics(core),
    ...nodeMetrics(core),
    ...processMetrics(core, loop),
  ];
}

function connectionMetrics(core: Core, gateway: Gateway): MetricSpec[] {
  return [
    {
      name: "openclaw_ready",
      help: "1 when connects are accepted and changes become durable, as /readyz says.",
      type: "gauge",
      read: () => [sample(ready(core, gateway.state).ready ? 1 : 0)],
    },
    {
      name: "openclaw_connections",
      help: "Open connections by state, and by role once they are admitted.",
      type: "gauge",
      read: () => {
        const { admission, registry } = gateway;
        const roles = Object.entries(registry.byRole());
        return [
          ...roles.map(([role, count]) => sample(count, { state: "ready", role })),
          sample(admission.waiting, { state: "waiting", role: "none" }),
          sample(admission.unauthenticated, { state: "unauthenticated", role: "none" }),
        ];
      },
    },
    {
      name: "openclaw_protocol_connections",
      help: "Open connections that are admitted, by the version of the protocol that they speak.",
      type: "gauge",
      read: () => byProtocol(gateway, "connected"),
    },
    {
      name: "openclaw_connects_admitted_total",
      help: "Connects that were admitted, by the version of the protocol that they speak.",
      type: "counter",
      read: () => byProtocol(gateway, "admitted"),
    },
    {
      name: "openclaw_pairing",
      help: "Paired devices, pairing requests that wait for a decision, open one-time links.",
      type: "gauge",
      read: () => Object.entries(core.pairing.counts()).map(([kind, n]) => sample(n, { kind })),
    },
  ];
}

function byProtocol({ state }: Gateway, which: keyof ProtocolCount): Sample[] {
  return [...state.protocols.counts].map(([protocol, count]) =>
    sample(count[which], { protocol: String(protocol) }),
  );
}

/** Everything in the tables has a row from the start, so that a first time shows as a rise. */
function countMetrics(gateway: Gateway): MetricSpec[] {
  const limits = new Set<string>(Object.values(limitTable).map(({ metric }) => metric));
  limits.delete("-");
  const known = new Set<string>(Object.values(closes).map(({ metric }) => metric));
  const rows = (names: ReadonlySet<string>, label: string): Sample[] => {
    const counts = gateway.closes;
    return [...names].map((name) => sample(counts[name] ?? 0, { [label]: name }));
  };
  return [
    {
      name: "openclaw_closes_total",
      help: "Connections that the gateway closed or refused, by name.",
      type: "counter",
      read: () => {
        const seen = Object.keys(gateway.closes).filter((name) => !limits.has(name));
        return rows(new Set([...known, ...seen]), "close");
      },
    },
    {
      name: "openclaw_limit_reached_total",
      help: "How often a limit of docs/limits.md refused, closed, dropped or evicted, by its counter.",
      type: "counter",
      read: () => rows(limits, "limit"),
    },
    {
      name: "openclaw_connects_refused_total",
      help: "Connects that were refused, by the code of the answer.",
      type: "counter",
      read: () => [...gateway.state.telemetry.refusals].map(([code, n]) => sample(n, { code })),
    },
  ];
}

function requestMetrics(gateway: Gateway): MetricSpec[] {
  const figures = () => gateway.dispatcher.figures;
  return [
    {
      name: "openclaw_request_duration_seconds",
      help: "Requests by method, from their arrival to the answer.",
      type: "histogram",
      read: () =>
        [...figures()].map(([method, { durations }]) => ({ labels: { method }, durations })),
    },
    {
      name: "openclaw_request_failures_total",
      help: "Requests that were answered with an error, by method.",
      type: "counter",
      read: () => [...figures()].map(([method, { failures }]) => sample(failures, { method })),
    },
    {
      name: "openclaw_requests_in_flight",
      help: "Requests that run.",
      type: "gauge",
      read: () => [sample(gateway.dispatcher.busy)],
    },
  ];
}

function secretMetrics(core: Core): MetricSpec[] {
  return [
    {
      name: "openclaw_secret_hashes",
      help: "Password hashes that are computed or wait for it.",
      type: "gauge",
      read: () => {
        const { running, waiting } = core.secrets.load;
        return [sample(running, { state: "running" }), sample(waiting, { state: "waiting" })];
      },
    },
  ];
}

function nodeMetrics(core: Core): MetricSpec[] {
  return [
    {
      name: "openclaw_node_standby_connections",
      help: "Connections of nodes that stand by: a newer one of the same node serves.",
      type: "gauge",
      read: () => [sample(core.nodes.sessions.standing)],
    },
    {
      name: "openclaw_node_invokes_pending",
      help: "Commands that were sent to nodes and wait for their results.",
      type: "gauge",
      read: () => [sample(core.nodes.invokes.size)],
    },
  ];
}

/** Figures of the webhook. */
export function notifyMetrics(notify: Pick<Notifier, "counts" | "report">): MetricSpec[] {
  return [
    {
      name: "openclaw_notify_messages_total",
      help: "Messages to the webhook that arrived (sent) and that did not after every try (failed).",
      type: "counter",
      read: () => {
        const { sent, failed } = notify.counts;
        return [sample(sent, { outcome: "sent" }), sample(failed, { outcome: "failed" })];
      },
    },
    {
      name: "openclaw_notify_requests_total",
      help: "Requests that a message told as a number only (merged), and that ended untold (dropped).",
      type: "counter",
      read: () => {
        const { merged, dropped } = notify.counts;
        return [sample(merged, { outcome: "merged" }), sample(dropped, { outcome: "dropped" })];
      },
    },
    {
      name: "openclaw_notify_waiting",
      help: "Requests that wait to be told to the webhook.",
      type: "gauge",
      read: () => [sample(notify.report().waiting)],
    },
  ];
}
