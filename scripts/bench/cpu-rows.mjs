// Rows of server CPU per operation: requests on open connections, and connects.
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { closeAll, connects, RequestLoad } from "./load.mjs";
import { result } from "./result.mjs";
import { median } from "./stats.mjs";

/**
 * @typedef {import("./gateway.mjs").Bench} Bench
 * @typedef {import("./processes.mjs").Server} Server
 * @typedef {import("./result.mjs").Row} Row
 * @typedef {{ server: Server, run: (count: number) => Promise<number> }} Subject
 * @typedef {{ floor: Subject, ours: Subject, control: Subject }} Subjects
 */

/** What the control adds: about as much as a row costs, so that it stands out of the noise. */
const REQUEST_US = 20;
const CONNECT_US = 100;
/** Rounds before the first that counts: V8 compiles what runs often, and these servers run for months. */
const WARM_UP = 4;

const SMALL = { unit: "µs", budget: 9, floorThere: 5.8 };

/** @type {Row[]} */
const requestRows = [
  { id: "presence", title: "small request (system-presence)", ...SMALL },
  { id: "health", title: "health", ...SMALL },
  { id: "devices", title: "device.pair.list, 16 devices", unit: "µs", budget: 40 },
];

/** @type {Readonly<Record<string, string>>} */
const methods = { presence: "system-presence", health: "health", devices: "device.pair.list" };

/** @type {Row[]} */
const connectRows = [
  { id: "connect-token", title: "signed connect, shared token", unit: "µs", budget: 300 },
  { id: "connect-device", title: "signed connect, device token", unit: "µs", budget: 300 },
];

/** The floor of a connect in the budgets table: one Ed25519 verification, in microseconds. */
const VERIFY_THERE = 100;
const VERIFY_ROUND = 100;

/** @type {readonly import("./result.mjs").Group[]} */
export const cpuGroups = [
  { rows: requestRows, measure: measureRequests },
  { rows: connectRows, measure: measureConnects },
];

/** @type {import("./result.mjs").Measure} */
async function measureRequests(bench, rows, { quick }) {
  const servers = await startServers(bench, REQUEST_US);
  const loads = await Promise.all(
    servers.map((server) => RequestLoad.open(server, (i) => bench.loginOf(i, "deviceToken"))),
  );
  const results = [];
  for (const row of rows) {
    const method = methods[row.id] ?? row.id;
    const run = (/** @type {number} */ at) => (/** @type {number} */ count) =>
      loads[at]?.run(method, count) ?? Promise.resolve(0);
    const plan = { rounds: quick ? 3 : 9, count: quick ? 4_000 : 12_000 };
    results.push(await interleave(row, subjects(servers, run), { ...plan, added: REQUEST_US }));
  }
  for (const load of loads) await closeAll(load.wires);
  await Promise.all(servers.map((server) => server.stop()));
  return results;
}

/** @type {import("./result.mjs").Measure} */
async function measureConnects(bench, rows, { quick }) {
  const servers = await startServers(bench, CONNECT_US);
  const results = [];
  for (const row of rows) {
    const by = row.id === "connect-token" ? "token" : "deviceToken";
    const run = (/** @type {number} */ at) => async (/** @type {number} */ count) => {
      const server = servers[at];
      if (!server) return 0;
      return connects(server, count, (i) => bench.loginOf(i, by, "ui"));
    };
    const plan = { rounds: quick ? 3 : 9, count: quick ? 200 : 600, added: CONNECT_US };
    const machine = verifyMicroseconds() / VERIFY_THERE;
    results.push(await interleave(row, subjects(servers, run), { ...plan, machine }));
  }
  await Promise.all(servers.map((server) => server.stop()));
  return results;
}

/** Floor, gateway, and the gateway that is slower by `messageUs`. */
async function startServers(/** @type {Bench} */ bench, /** @type {number} */ messageUs) {
  return [
    await bench.floor(),
    await bench.gateway(),
    await bench.gateway({ preload: { slow: { messageUs } } }),
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
 * Measures the three in turn, round after round, after warming all of them up.
 * @param {Row} row @param {Subjects} all
 * @param {{ rounds: number, count: number, added: number, machine?: number }} plan
 */
export async function interleave(row, all, { rounds, count, ...plan }) {
  const names = /** @type {const} */ (["floor", "ours", "control"]);
  const samples = { floor: [0], ours: [0], control: [0] };
  for (const name of names) {
    for (let i = 0; i < WARM_UP; i += 1) await all[name].run(count);
    samples[name] = [];
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) samples[name].push(await cpuPerOperation(all[name], count));
  }
  return result(row, { ...samples, ...plan, operations: rounds * count });
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

/** CPU of one Ed25519 verification on this machine, now: the median of several rounds. */
function verifyMicroseconds() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const text = Buffer.alloc(250, "x");
  const signature = sign(null, text, privateKey);
  const rounds = Array.from({ length: 9 }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < VERIFY_ROUND; i += 1) verify(null, text, publicKey, signature);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / VERIFY_ROUND;
  });
  return median(rounds);
}
