// Memory per idle authenticated connection: resident memory with many less that with few.
import { setTimeout as sleep } from "node:timers/promises";
import { closeAll, connects, openAll } from "./load.mjs";
import { result } from "./result.mjs";

/** @typedef {import("./processes.mjs").Server} Server */

const KB = 1024;
const CONTROL_KB = 4;
/** Presence events of the last connects have gone out, and a collection has ended. */
const SETTLE_MS = 600;

const plans = {
  full: { few: 1_000, many: 5_000, rounds: 3 },
  quick: { few: 1_000, many: 4_000, rounds: 2 },
  once: { few: 1_000, many: 4_000, rounds: 2 },
};

/** @type {import("./result.mjs").Row} */
const row = {
  id: "memory",
  title: "memory per idle connection",
  unit: "KB",
};

/** @type {readonly import("./result.mjs").Group[]} */
export const memoryGroups = [{ rows: [row], measure: measureMemory }];

/** @type {import("./result.mjs").Measure} */
async function measureMemory(bench, _rows, effort) {
  // Resident memory comes and goes by megabytes: fewer connections than these are lost in that.
  const { few, many, rounds } = plans[effort];
  const samples = { floor: [0], ours: [0], control: [0] };
  for (const name of /** @type {const} */ (["floor", "ours", "control"])) samples[name] = [];
  for (let round = 0; round < rounds; round += 1) {
    const floor = await bench.floor({ preload: { gc: "and stays small" } });
    samples.floor.push(await perConnection(floor, { few, many }));
    const ours = await bench.ours.gateway({ preload: { gc: "and stays small" } });
    samples.ours.push(await perConnection(ours, { few, many }));
    const slow = { openBytes: CONTROL_KB * KB };
    const control = await bench.control.gateway({ preload: { gc: "and stays small", slow } });
    samples.control.push(await perConnection(control, { few, many }));
  }
  const operations = rounds * (many - few);
  return [result(row, { ...samples, added: CONTROL_KB, operations })];
}

/** Kilobytes of each connection past the first `few`. The server is stopped afterwards. */
async function perConnection(
  /** @type {Server} */ server,
  /** @type {{ few: number, many: number }} */ { few, many },
) {
  const loginOf = (/** @type {number} */ i) => server.logins.loginOf(i, "deviceToken", "ui");
  // First work of any kind makes room for itself, which stays.
  await connects(server, few, loginOf);
  const first = await openAll(server, few, loginOf);
  const before = await keptBytes(server);
  const rest = await openAll(server, many - few, loginOf);
  const after = await keptBytes(server);
  await closeAll([...first, ...rest]);
  await server.stop();
  return (after - before) / (many - few) / KB;
}

/** Resident memory after a full collection. */
async function keptBytes(/** @type {Server} */ server) {
  await sleep(SETTLE_MS);
  process.kill(server.pid, "SIGUSR2");
  await sleep(SETTLE_MS);
  return server.rss();
}
