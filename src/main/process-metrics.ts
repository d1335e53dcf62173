import { readdir } from "node:fs/promises";
import type { LoopWatch } from "../host/loop-gauge.ts";
import { type MetricSpec, sample } from "../lib/metrics.ts";
import { version } from "../lib/version.ts";
import type { Core } from "./core.ts";

/** Figures of the process, by the names that boards for any program expect where there are some. */
export function processMetrics(core: Core, loop: LoopWatch): MetricSpec[] {
  return [
    {
      name: "openclaw_build_info",
      help: "The program's version; always 1.",
      type: "gauge",
      read: () => [sample(1, { version, node: process.versions.node })],
    },
    {
      name: "openclaw_uptime_seconds",
      help: "Time since the gateway opened its state.",
      type: "gauge",
      read: () => [sample(core.uptimeMs() / 1000)],
    },
    {
      name: "openclaw_event_loop_lag_seconds",
      help: "How late the event loop was since the last scrape, by quantile; 1 is the longest.",
      type: "gauge",
      read: () => {
        const { p50, p99, max } = loop.read();
        const quantile = (value: number, name: string) => sample(value, { quantile: name });
        return [quantile(p50, "0.5"), quantile(p99, "0.99"), quantile(max, "1")];
      },
    },
    {
      name: "process_start_time_seconds",
      help: "When the process started, in seconds since 1970.",
      type: "gauge",
      read: () => [sample(core.world.now() / 1000 - process.uptime())],
    },
    {
      name: "process_cpu_seconds_total",
      help: "Processor time used, of user and system together.",
      type: "counter",
      read: () => {
        const { user, system } = process.cpuUsage();
        return [sample((user + system) / 1e6)];
      },
    },
    {
      name: "process_resident_memory_bytes",
      help: "Resident memory.",
      type: "gauge",
      read: () => [sample(process.memoryUsage.rss())],
    },
    {
      name: "process_open_fds",
      help: "Open file descriptors, sockets among them.",
      type: "gauge",
      // Not in the event loop: with ten thousand sockets the list is long.
      read: async () => [sample((await readdir("/proc/self/fd").catch(() => [])).length)],
    },
  ];
}
