import { type MetricSpec, sample } from "../lib/metrics.ts";
import type { Notifier } from "../notify/notifier.ts";

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
