import { type MetricSpec, type Sample, sample } from "../lib/metrics.ts";
import type { DocumentStats } from "../store/shape.ts";
import type { Core } from "./core.ts";

type Figure = (stats: DocumentStats) => number;

/** Figures of the state's one document. */
export function storeMetrics(core: Core): MetricSpec[] {
  const labels = { document: "state" };
  const all = (figure: Figure) => (): Sample[] => [sample(figure(core.state.stats), labels)];
  return [
    {
      name: "openclaw_store_commits_total",
      help: "Changes that became durable.",
      type: "counter",
      read: all(({ commits }) => commits),
    },
    {
      name: "openclaw_store_write_seconds",
      help: "Time of one write with its fsync; commits that come together share one.",
      type: "histogram",
      read: () => [{ labels, durations: core.state.stats.writes }],
    },
    {
      name: "openclaw_store_errors_total",
      help: "Writes that failed.",
      type: "counter",
      read: all(({ failures }) => failures),
    },
    {
      name: "openclaw_store_failing",
      help: "1 while the last write failed; then changes are refused.",
      type: "gauge",
      read: all(({ lastError }) => (lastError ? 1 : 0)),
    },
    {
      name: "openclaw_store_waiting_commits",
      help: "Commits that wait for the disk.",
      type: "gauge",
      read: all(({ waiting }) => waiting),
    },
    {
      name: "openclaw_store_not_durable",
      help: "Changes that are in force and not on the disk yet.",
      type: "gauge",
      read: all(({ kept }) => kept),
    },
    {
      name: "openclaw_store_journal_bytes",
      help: "Size of the journal.",
      type: "gauge",
      read: all(({ journalBytes }) => journalBytes),
    },
    {
      name: "openclaw_store_snapshot_bytes",
      help: "Size of the snapshot.",
      type: "gauge",
      read: all(({ snapshotBytes }) => snapshotBytes),
    },
  ];
}
