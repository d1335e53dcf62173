// Rows of server CPU per operation: requests on open connections, and connects.
import { closeAll, connects, RequestLoad } from "./load.mjs";
import { result } from "./result.mjs";

/**
 * @typedef {import("./bench.mjs").Bench} Bench
 * @typedef {import("./processes.mjs").Server} Server
 * @typedef {import("./result.mjs").Row} Row
 * @typedef {{ server: Server, run: (count: number) => Promise<number> }} Subject
 * @typedef {{ floor: Subject, ours: Subject, control: Subject }} Subjects
 */

/** What the control adds: about as much as a row costs, so that it stands out of the noise. */
const REQUEST_US = 20;
const CONNECT_US = 100;
/**
 * Operations before the first that counts, in a quick run too: V8 compiles what runs often, and these
 * servers run for months. A connect costs twice as much until it was done 2,000 times, and a sixth more
 * until some 6,000 (measured): how soon it is compiled differs from build to build, what it costs then less.
 */
export const REQUEST_WARM_UP = 48_000;
const CONNECT_WARM_UP = 8_000;
export const requestPlans = {
  full: { rounds: 9, count: 12_000 },
  quick: { rounds: 3, count: 4_000 },
  once: { rounds: 3, count: 4_000 },
};
const connectPlans = {
  full: { rounds: 9, count: 600 },
  quick: { rounds: 5, count: 200 },
  once: { rounds: 5, count: 200 },
};
/** What rows share is warm after the first of a group. */
const LATER_ROWS = 1 / 4;

/** @type {Row[]} */
const requestRows = [
  { id: "presence", title: "small request (system-presence)", unit: "µs" },
  { id: "health", title: "health", unit: "µs" },
  { id: "devices", title: "device.pair.list, 16 devices", unit: "µs" },
];

/** @type {Readonly<Record<string, string>>} */
const methods = { presence: "system-presence", health: "health", devices: "device.pair.list" };

/** @type {Row[]} */
const connectRows = [
  { id: "connect-token", title: "signed connect, shared token", unit: "µs" },
  { id: "connect-device", title: "signed connect, device token", unit: "µs" },
];

/** @type {readonly import("./result.mjs").Group[]} */
export const cpuGroups = [
  { rows: requestRows, measure: measureRequests },
  { rows: connectRows, measure: measureConnects },
];

/** @type {import("./result.mjs").Measure} */
async function measureRequests(bench, rows, effort) {
  const servers = await startServers(bench, REQUEST_US);
  const loads = await Promise.all(
    servers.map((server) =>
      RequestLoad.open(server, (i) => server.logins.loginOf(i, "deviceToken")),
    ),
  );
  const results = [];
  for (const row of rows) {
    const method = methods[row.id] ?? row.id;
    const run = (/** @type {number} */ at) => (/** @type {number} */ count) =>
      loads[at]?.run(method, count) ?? Promise.resolve(0);
    const plan = { ...requestPlans[effort], added: REQUEST_US };
    const all = subjects(servers, run);
    const warmUp = REQUEST_WARM_UP * (results.length === 0 ? 1 : LATER_ROWS);
    results.push(await interleave(row, all, { ...plan, warmUp }));
  }
  for (const load of loads) await closeAll(load.wires);
  await Promise.all(servers.map((server) => server.stop()));
  return results;
}

/** @type {import("./result.mjs").Measure} */
async function measureConnects(bench, rows, effort) {
  const servers = await startServers(bench, CONNECT_US);
  const results = [];
  for (const row of rows) {
    const by = row.id === "connect-token" ? "token" : "deviceToken";
    const run = (/** @type {number} */ at) => async (/** @type {number} */ count) => {
      const server = servers[at];
      if (!server) return 0;
      return connects(server, count, (i) => server.logins.loginOf(i, by, "ui"));
    };
    const warmUp = CONNECT_WARM_UP * (results.length === 0 ? 1 : LATER_ROWS);
    const plan = { ...connectPlans[effort], added: CONNECT_US, warmUp };
    results.push(await interleave(row, subjects(servers, run), plan));
  }
  await Promise.all(servers.map((server) => server.stop()));
  return results;
}

/** Floor, gateway, and the gateway that is slower by `messageUs`. */
async function startServers(/** @type {Bench} */ bench, /** @type {number} */ messageUs) {
  return [
    await bench.floor(),
    await bench.ours.gateway(),
    await bench.control.gateway({ preload: { slow: { messageUs } } }),
  ];
}

/** @param {readonly Server[]} servers @param {(at: number) => Subject["run"]} run @returns {Subjects} */
export function subjects(servers, run) {
  const [floor, ours, control] = servers;
  if (!floor || !ours || !control) throw new Error("three servers are needed");
  return {
    floor: { server: floor, run: run(0) },
    ours: { server: ours, run: run(1) },
    control: { server: control, run: run(2) },
  };
}

/**
 * @typedef {object} Plan
 * @property {number} rounds
 * @property {number} count    operations a round
 * @property {number} warmUp   operations before the first round
 * @property {number} added    what the control adds
 */

/**
 * Measures the three in turn, round after round, after warming all of them up.
 * @param {Row} row @param {Subjects} all @param {Plan} plan
 */
export async function interleave(row, all, { rounds, count, warmUp, added }) {
  const names = /** @type {const} */ (["floor", "ours", "control"]);
  /** @type {Record<(typeof names)[number], number[]>} */
  const samples = { floor: [], ours: [], control: [] };
  for (const name of names) await all[name].run(warmUp);
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) samples[name].push(await cpuPerOperation(all[name], count));
  }
  return result(row, { ...samples, added, operations: rounds * count });
}

/** Microseconds of server CPU per operation. */
async function cpuPerOperation(
  /** @type {Subject} */ { server, run },
  /** @type {number} */ count,
) {
  const before = server.cpuNs();
  const done = await run(count);
  return (server.cpuNs() - before) / done / 1000;
}
