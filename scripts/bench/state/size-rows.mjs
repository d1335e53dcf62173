// Rows of a gateway that starts with much state: how long that takes and how much memory it holds.
import { setTimeout as sleep } from "node:timers/promises";
import { isReady } from "../gateway.mjs";
import { retry, timed } from "../processes.mjs";
import { result } from "../result.mjs";
import { perSize, REQUESTS, sizesOf } from "./sizes.mjs";
import { States } from "./states.mjs";

/** Of what a start costs itself, so that it stands out of the noise. */
const CONTROL_SHARE = 0.5;
const CONTROL_LEAST_MS = 150;
const CONTROL_MB = 30;
const MB = 1024 * 1024;
const IDLE_MS = 1_000;

export const sizeRows = [
  ...perSize("state-start", "process start to ready", { unit: "ms" }),
  ...perSize("state-memory", "resident memory after a start", { unit: "MB" }),
];

/** @type {import("../result.mjs").Measure} */
export async function measureSizes(bench, rows, effort) {
  const rounds = { full: 5, quick: 3, once: 1 }[effort];
  const results = [];
  for (const size of sizesOf(rows)) {
    const ours = await settledState(bench.ours, size);
    const control = bench.control === bench.ours ? ours : await settledState(bench.control, size);
    const state = { ours, control };
    const start = { floor: [0], ours: [0], control: [0] };
    const memory = { floor: [0], ours: [0], control: [0] };
    for (const name of /** @type {const} */ (["floor", "ours", "control"])) {
      start[name] = [];
      memory[name] = [];
    }
    const usual = await oneStart(bench.ours, state.ours, {});
    const startMs = Math.max(CONTROL_LEAST_MS, Math.round(usual.ms * CONTROL_SHARE));
    for (let round = 0; round < rounds; round += 1) {
      start.floor.push((await timed({ args: ["-e", "0"] })).ms);
      memory.floor.push(await floorMemory(bench));
      for (const name of /** @type {const} */ (["ours", "control"])) {
        const slow = { startMs, holdBytes: CONTROL_MB * MB };
        const found = await oneStart(bench[name], state[name], name === "control" ? { slow } : {});
        start[name].push(found.ms);
        memory[name].push(found.mb);
      }
    }
    for (const row of rows) {
      if (!row.id.endsWith(`-${size.id}`)) continue;
      const [own, added] = row.unit === "MB" ? [memory, CONTROL_MB] : [start, startMs];
      results.push(result(row, { ...own, added, operations: rounds }));
    }
  }
  return results;
}

/**
 * A state that is a snapshot and a short journal, as it mostly is.
 * @param {import("../gateway.mjs").Build} build @param {import("./sizes.mjs").Size} size
 */
async function settledState(build, size) {
  const states = States.of(build);
  const state = await states.copy({ devices: size.devices, requests: REQUESTS });
  const first = await states.start(state);
  await states.settle(first);
  await first.server.stop();
  return state;
}

/** @param {import("../bench.mjs").Bench} bench */
async function floorMemory(bench) {
  const server = await bench.floor();
  await sleep(IDLE_MS);
  const rss = server.rss();
  await server.stop();
  return rss / MB;
}

/**
 * @param {import("../gateway.mjs").Build} build @param {string} state
 * @param {NonNullable<import("../gateway.mjs").Start["preload"]>} preload
 */
async function oneStart(build, state, preload) {
  const startedAt = performance.now();
  const collects = { ...preload, gc: /** @type {const} */ ("on demand") };
  const server = await States.of(build).build.spawnGateway({ state, on: "all", preload: collects });
  await retry(server, () => isReady(server.port), 60_000);
  const ms = performance.now() - startedAt;
  // A collection comes when it comes, and the text of a large state is garbage until then.
  process.kill(server.pid, "SIGUSR2");
  await sleep(IDLE_MS);
  const mb = server.rss() / MB;
  await server.stop();
  return { ms, mb };
}
