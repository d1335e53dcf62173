// Rows of connections that do nothing: memory, and CPU.
import { setTimeout as sleep } from "node:timers/promises";
import { result } from "../result.mjs";
import { names, samples, threeCrowds } from "./crowd.mjs";

/** @typedef {import("../processes.mjs").Server} Server */

const KB = 1024;
const MB = 1024 * KB;
const CONTROL_KB = 8;
/** CPU that the control burns each second. */
const CONTROL_MS = 15;
/** Presence events of the last connects have gone out, and a collection has ended. */
const SETTLE_MS = 1_000;
const QUIET = 10_000;
/** Each has one tick; each connection is pinged every 24 s. */
const WINDOW_MS = 30_000;

const sizes = [
  { id: "1k", size: 1_000 },
  { id: "5k", size: 5_000 },
  { id: "15k", size: 15_000 },
];

const memoryRows = sizes.map(({ id, size }) => ({
  id: `memory-${id}`,
  title: `resident memory, ${size.toLocaleString("en")} idle connections`,
  unit: "MB",
}));

const cpuRow = {
  id: "idle-cpu",
  title: "CPU, 10,000 quiet connections, ticks and pings included",
  unit: "%",
};

/** @type {readonly import("../result.mjs").Group[]} */
export const idleGroups = [
  { rows: memoryRows, measure: measureMemory },
  { rows: [cpuRow], measure: measureCpu },
];

/** @type {import("../result.mjs").Measure} */
async function measureMemory(bench, wanted, effort) {
  const rounds = { full: 2, quick: 1, once: 1 }[effort];
  const here = sizes.filter(({ id }) => wanted.some((row) => row.id === `memory-${id}`));
  const measured = effort === "full" ? here : here.filter(({ id }) => id !== "15k");
  const found = new Map(measured.map(({ id }) => [`memory-${id}`, samples()]));
  for (let round = 0; round < rounds; round += 1) {
    const slow = { openBytes: CONTROL_KB * KB };
    const crowds = await threeCrowds(bench, { slow, gc: "and stays small" });
    for (const { id, size } of measured) {
      await Promise.all(names.map((name) => crowds[name].growTo(size, { mode: "ui" })));
      const bytes = await Promise.all(names.map((name) => keptBytes(crowds[name].server)));
      names.forEach((name, at) => {
        found.get(`memory-${id}`)?.[name].push((bytes[at] ?? Number.NaN) / MB);
      });
    }
    await Promise.all(names.map((name) => crowds[name].stop()));
  }
  return wanted.flatMap((row) => {
    const one = found.get(row.id);
    const size = sizes.find(({ id }) => row.id === `memory-${id}`)?.size ?? 0;
    const added = (CONTROL_KB * size) / KB;
    return one ? [result(row, { ...one, added, operations: rounds * size })] : [];
  });
}

/** Resident memory after a full collection. @param {Server} server */
async function keptBytes(server) {
  await sleep(SETTLE_MS);
  process.kill(server.pid, "SIGUSR2");
  await sleep(SETTLE_MS);
  return server.rss();
}

/** All three at once: each process's own CPU is counted, whoever else is there. */
/** @type {import("../result.mjs").Measure} */
async function measureCpu(bench, wanted, effort) {
  const windows = { full: 2, quick: 1, once: 1 }[effort];
  const crowds = await threeCrowds(bench, { slow: { secondMs: CONTROL_MS } });
  await Promise.all(names.map((name) => crowds[name].growTo(QUIET)));
  await sleep(SETTLE_MS);
  const percent = samples();
  for (let window = 0; window < windows; window += 1) {
    const before = names.map((name) => crowds[name].server.cpuNs());
    const startedAt = performance.now();
    await sleep(WINDOW_MS);
    const ms = performance.now() - startedAt;
    names.forEach((name, at) => {
      const spent = crowds[name].server.cpuNs() - (before[at] ?? Number.NaN);
      percent[name].push((100 * spent) / 1e6 / ms);
    });
  }
  await Promise.all(names.map((name) => crowds[name].stop()));
  const measured = { ...percent, added: CONTROL_MS / 10, operations: windows * QUIET };
  return wanted.map((row) => result(row, measured));
}
