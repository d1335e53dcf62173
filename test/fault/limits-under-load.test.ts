import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AdminLink } from "../../src/cli/reach/admin-link.ts";
import { GatewayProcess, type LogRecord, PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";
import { CrowdThread } from "./support/load/crowd-thread.ts";
import { frameOffences } from "./support/load/frames.ts";
import { countersOf, Ground, type Offence } from "./support/load/ground.ts";
import { pairingOffences } from "./support/load/pairing.ts";
import type { CrowdReport } from "./support/load/report.ts";
import { secretOffences } from "./support/load/secrets.ts";
import { socketOffences } from "./support/load/sockets.ts";
import { type Row, table } from "./support/load/table.ts";

/**
 * Every row of the limits table that somebody outside can push is pushed past on the built gateway
 * while a hundred well-behaved clients work on. Their times are printed; that nothing happens to them
 * is asserted.
 */

const CLIENTS = 100;
const CALM_MS = 1000;
const MiB = 1024 * 1024;
/** What the bounded caches may hold more than before an offence, once it is over. */
const HEAP_MAY_GROW = 12 * MiB;
/** What the process may take more than before all of them: its allocator keeps some of what it had. */
const RSS_MAY_GROW = 160 * MiB;

const offences: readonly Offence[] = [
  ...socketOffences,
  ...frameOffences,
  ...pairingOffences,
  ...secretOffences,
];
const probe = fileURLToPath(new URL("./support/memory-probe.mjs", import.meta.url));

let gateway: GatewayProcess;
let owner: AdminLink;
let ground: Ground;
let crowd: CrowdThread;
let probes = 0;
let rssAtFirst = 0;
const rows: Row[] = [];

beforeAll(async () => {
  gateway = await GatewayProcess.start({ nodeArgs: ["--expose-gc", "--import", probe] });
  owner = await AdminLink.open(gateway.adminSocket);
  ground = new Ground(gateway, owner);
  const { url, adminSocket } = gateway;
  crowd = await CrowdThread.start({ url, adminSocket, token: PROCESS_TOKEN, clients: CLIENTS });
  await crowd.calm(2 * CALM_MS);
  rssAtFirst = Number((await memory())["rss"]);
});
afterAll(async () => {
  console.log(table(rows));
  await crowd?.close();
  await owner?.close();
  await gateway?.close();
});

function memory(): Promise<LogRecord> {
  probes += 1;
  gateway.run.signal("SIGUSR2");
  return gateway.run.logged("memory", probes);
}

async function heap(): Promise<number> {
  const { heapUsed, external } = await memory();
  return Number(heapUsed) + Number(external);
}

/** Nobody who behaves was closed or refused, or missed an answer or an event. */
function expectUndisturbed(report: CrowdReport): void {
  expect(report.problems).toEqual([]);
  expect(report.requests).toBeGreaterThan(CLIENTS);
  expect(report.approvals).toBeGreaterThan(0);
  expect(report.returns).toBeGreaterThan(0);
}

test.each(offences)("$name: nobody else notices", async (offence) => {
  const heapBefore = await heap();
  const countedBefore = await ground.counters();
  const before = await crowd.calm(CALM_MS);
  crowd.begin();
  let outcome = "";
  let during: CrowdReport;
  try {
    outcome = await offence.run(ground);
    // However short the offence was: enough requests to see its wake.
    await new Promise((resolve) => setTimeout(resolve, 300));
  } finally {
    during = await crowd.end();
  }
  const after = await crowd.calm(CALM_MS);
  rows.push({ offence: offence.name, before, during, after, outcome });
  for (const report of [before, during, after]) expectUndisturbed(report);
  const counted = await ground.counters();
  for (const name of countersOf(offence)) {
    expect(counted[name] ?? 0, name).toBeGreaterThan(countedBefore[name] ?? 0);
  }
  const grown = async () => (await heap()) - heapBefore;
  await until(async () => (await grown()) < HEAP_MAY_GROW, "the memory to come back");
});

test("all of it over, the process is as small as before, and nothing of ours failed", async () => {
  const rss = Number((await memory())["rss"]);
  console.log(
    `memory: ${Math.round(rssAtFirst / MiB)} MiB before, ${Math.round(rss / MiB)} MiB after`,
  );
  expect(rss - rssAtFirst).toBeLessThan(RSS_MAY_GROW);
  expect(gateway.run.log.filter(({ level }) => level >= 50)).toEqual([]);
  expect(gateway.run.exited).toBeUndefined();
});
