// Rows of a connect storm: as many connects as possible at once, all of which stay.
import { result } from "../result.mjs";
import { quantile } from "../stats.mjs";
import { names, samples, threeCrowds } from "./crowd.mjs";

/** What the control adds to each connect: enough that the server, not the load, sets the pace. */
const CONNECT_US = 1_000;
/** Below the 512 unauthenticated sockets that a gateway has at once. */
const LANES = 128;

const plans = {
  full: { rounds: 5, count: 1_500 },
  quick: { rounds: 2, count: 1_000 },
  once: { rounds: 2, count: 1_000 },
};

const rows = [
  { id: "storm-cpu", title: "connect storm, server CPU per connect", unit: "µs" },
  { id: "storm-wall", title: "connect storm, until all are in, per connect", unit: "µs" },
  { id: "storm-hello", title: "connect storm, to hello-ok, p99", unit: "ms" },
];

/** @type {readonly import("../result.mjs").Group[]} */
export const stormGroups = [{ rows, measure: measureStorm }];

/** Clients are pages: each connect changes the presence list that its hello-ok carries. */
/** @type {import("../result.mjs").Measure} */
async function measureStorm(bench, wanted, effort) {
  const { rounds, count } = plans[effort];
  const crowds = await threeCrowds(bench, { slow: { messageUs: CONNECT_US } });
  const cpu = samples();
  const wall = samples();
  const hello = samples();
  // The first round makes code and memory ready.
  for (let round = -1; round < rounds; round += 1) {
    for (const name of names) {
      const { server } = crowds[name];
      const before = server.cpuNs();
      const { ms, helloMs } = await crowds[name].growTo(count, { mode: "ui", lanes: LANES });
      const spent = server.cpuNs() - before;
      await crowds[name].closeAll();
      if (round < 0) continue;
      cpu[name].push(spent / count / 1000);
      wall[name].push((ms * 1000) / count);
      hello[name].push(quantile(helloMs, 0.99));
    }
  }
  for (const name of names) await crowds[name].stop();
  const operations = rounds * count;
  /** @type {Record<string, import("../result.mjs").Measured>} */
  const found = {
    "storm-cpu": { ...cpu, added: CONNECT_US, operations },
    "storm-wall": { ...wall, added: CONNECT_US, operations },
    // Everyone in a lane waits for everyone else's turn.
    "storm-hello": { ...hello, added: (CONNECT_US * LANES) / 1000, operations },
  };
  return wanted.flatMap((row) => {
    const one = found[row.id];
    return one ? [result(row, one)] : [];
  });
}
