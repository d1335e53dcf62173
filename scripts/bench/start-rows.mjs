// Rows of whole processes: start to listening and to the first hello-ok, idle memory, a command.
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { login } from "../../test/kit/wire-client.mjs";
import { isReady } from "./gateway.mjs";
import { Broken, retry, timed } from "./processes.mjs";
import { result } from "./result.mjs";

/**
 * @typedef {import("./bench.mjs").Bench} Bench
 * @typedef {import("./gateway.mjs").Build} Build
 */

const CONTROL_MS = 100;
const MB = 1024 * 1024;
const CONTROL_MB = 20;
/** What a start leaves to do is done, and young garbage is what it is. */
const IDLE_MS = 1_000;

/** @type {import("./result.mjs").Row[]} */
const startRows = [
  { id: "listening", title: "process start to listening (/readyz 200)", unit: "ms" },
  {
    id: "start",
    title: "process start to the first hello-ok",
    unit: "ms",
  },
  { id: "idle", title: "resident memory, idle", unit: "MB" },
];

/** @type {import("./result.mjs").Row} */
const cliRow = {
  id: "cli",
  title: "openclaw devices list",
  unit: "ms",
};

/** @type {readonly import("./result.mjs").Group[]} */
export const startGroups = [
  { rows: startRows, measure: measureStarts },
  { rows: [cliRow], measure: measureCommand },
];

/** Bare node, floor (its memory), gateway, and the gateway made dearer, in turn. */
/** @type {import("./result.mjs").Measure} */
async function measureStarts(bench, rows, effort) {
  const rounds = { full: 7, quick: 3, once: 3 }[effort];
  /** @type {Record<string, { floor: number[], ours: number[], control: number[] }>} */
  const samples = {};
  for (const { id } of startRows) samples[id] = { floor: [], ours: [], control: [] };
  const slow = { startMs: CONTROL_MS, holdBytes: CONTROL_MB * MB };
  for (let round = 0; round < rounds; round += 1) {
    const bare = await bareNode();
    samples["listening"]?.floor.push(bare);
    samples["start"]?.floor.push(bare);
    samples["idle"]?.floor.push(await floorMemory(bench));
    for (const name of /** @type {const} */ (["ours", "control"])) {
      const times = await oneStart(bench[name], name === "control" ? { slow } : {});
      for (const [id, value] of Object.entries(times)) samples[id]?.[name].push(value);
    }
  }
  return rows.map((row) => {
    const added = row.unit === "MB" ? CONTROL_MB : CONTROL_MS;
    const own = samples[row.id] ?? { floor: [], ours: [], control: [] };
    return result(row, { ...own, added, operations: rounds });
  });
}

async function bareNode() {
  return (await timed({ args: ["-e", "0"] })).ms;
}

async function floorMemory(/** @type {Bench} */ bench) {
  const server = await bench.floor();
  await sleep(IDLE_MS);
  const rss = server.rss();
  await server.stop();
  return rss / MB;
}

/** @param {Build} build @param {import("./gateway.mjs").Start["preload"]} preload */
async function oneStart(build, preload) {
  const state = await build.freshState();
  const startedAt = performance.now();
  const server = await build.spawnGateway({ state, on: "all", ...(preload && { preload }) });
  const since = () => performance.now() - startedAt;
  const as = build.loginOf(0, "deviceToken");
  const hello = retry(server, async () => {
    const answer = await login(server, as).catch(() => undefined);
    answer?.wire.close();
    return answer?.response.ok === true;
  }).then(since);
  await retry(server, () => isReady(server.port));
  const listening = since();
  const start = await hello;
  await sleep(IDLE_MS);
  const idle = server.rss() / MB;
  await server.stop();
  return { listening, start, idle };
}

/** @type {import("./result.mjs").Measure} */
async function measureCommand(bench, rows, effort) {
  const rounds = { full: 15, quick: 5, once: 6 }[effort];
  const ours = await startRunning(bench.ours);
  const control = await startRunning(bench.control);
  const samples = { floor: [0], ours: [0], control: [0] };
  for (const name of /** @type {const} */ (["floor", "ours", "control"])) samples[name] = [];
  for (let round = 0; round < rounds; round += 1) {
    samples.floor.push(await bareNode());
    samples.ours.push(await oneCommand(ours, {}));
    samples.control.push(await oneCommand(control, { startMs: CONTROL_MS }));
  }
  await ours.server.stop();
  await control.server.stop();
  return rows.map((row) => result(row, { ...samples, added: CONTROL_MS, operations: rounds }));
}

const SLOW = fileURLToPath(new URL("slow.mjs", import.meta.url));

/** A gateway for commands to ask. @param {Build} build */
async function startRunning(build) {
  const state = await build.freshState();
  return { build, state, server: await build.gateway({ state }) };
}

/** @param {{ build: Build, state: string }} running @param {import("./slow.mjs").Slow} slow */
async function oneCommand({ build, state }, slow) {
  const dearer = slow.startMs !== undefined && !build.asIs;
  const flags = dearer ? ["--import", SLOW] : [];
  const env = { ...build.env(state), ...(dearer && { BENCH_SLOW: JSON.stringify(slow) }) };
  const { ms, code } = await timed({ args: [...flags, build.index, "devices", "list"], env });
  if (code !== 0) throw new Broken(`openclaw devices list ended with code ${code}`);
  return ms;
}
