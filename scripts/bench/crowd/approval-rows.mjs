// Rows of one approval: until the owner is answered, and until the client that waits is in.
import { join } from "node:path";
import { makeDevice } from "../../../test/kit/device.mjs";
import { connectFrame, WireClient } from "../../../test/kit/wire-client.mjs";
import { Broken } from "../processes.mjs";
import { result } from "../result.mjs";
import { Admin } from "../state/admin.mjs";
import { rawSyncs } from "../state/raw-sync.mjs";
import { quantile } from "../stats.mjs";
import { samples } from "./crowd.mjs";

/**
 * @typedef {import("../processes.mjs").Server} Server
 * @typedef {{ requestId: string, hello: Promise<number>, wire: WireClient }} Waiter
 */

/** What the control adds to the fdatasync of a commit. */
const SYNC_MS = 5;
/** Journal bytes of one approval, about. */
const APPROVAL_BYTES = 850;
/** Waiting clients come from addresses of their own: one address may have 16. */
const ADDRESSES = 50;

const plans = {
  full: { rounds: 7, count: 100 },
  quick: { rounds: 3, count: 30 },
  once: { rounds: 2, count: 30 },
};

const what = "approval (floor: one fdatasync)";
const rows = [
  { id: "approve-p50", title: `${what} to its answer, p50`, unit: "ms" },
  { id: "approve-p99", title: `${what} to its answer, p99`, unit: "ms" },
  { id: "hello-p50", title: `${what} to the client's hello-ok, p50`, unit: "ms" },
  { id: "hello-p99", title: `${what} to the client's hello-ok, p99`, unit: "ms" },
];

/** @type {readonly import("../result.mjs").Group[]} */
export const approvalGroups = [{ rows, measure: measureApprovals }];

/** @type {import("../result.mjs").Measure} */
async function measureApprovals(bench, wanted, effort) {
  const { rounds, count } = plans[effort];
  const subjects = {
    ours: await start(bench.ours),
    control: await start(bench.control, { syncMs: SYNC_MS }),
  };
  /** @type {Record<string, ReturnType<typeof samples>>} */
  const found = Object.fromEntries(rows.map(({ id }) => [id, samples()]));
  for (let round = -1; round < rounds; round += 1) {
    const raw = await rawSyncs(bench.folder, { bytes: APPROVAL_BYTES, count });
    const times = {
      floor: { approve: raw, hello: raw },
      ours: await approveSome(subjects.ours, count),
      control: await approveSome(subjects.control, count),
    };
    if (round < 0) continue;
    for (const name of /** @type {const} */ (["floor", "ours", "control"])) {
      for (const until of /** @type {const} */ (["approve", "hello"])) {
        found[`${until}-p50`]?.[name].push(quantile(times[name][until], 0.5));
        found[`${until}-p99`]?.[name].push(quantile(times[name][until], 0.99));
      }
    }
  }
  for (const { server, admin } of Object.values(subjects)) {
    admin.close();
    await server.stop();
  }
  const plan = { added: SYNC_MS, operations: rounds * count };
  return wanted.map((row) => result(row, { ...(found[row.id] ?? samples()), ...plan }));
}

/** @param {import("../gateway.mjs").Build} build @param {import("../slow.mjs").Slow} [slow] */
async function start(build, slow) {
  const state = await build.freshState();
  const server = await build.gateway({ state, ...(slow && { preload: { slow } }) });
  return { server, admin: await Admin.open(join(state, "admin.sock")) };
}

/** Clients that wait, approved one after the other. @param {{ server: Server, admin: Admin }} subject @param {number} count */
async function approveSome({ server, admin }, count) {
  const waiters = await Promise.all(Array.from({ length: count }, (_, i) => waiter(server, i)));
  const approve = [];
  const hello = [];
  for (const { requestId, hello: arrives, wire } of waiters) {
    const startedAt = performance.now();
    await admin.ask("device.pair.approve", { requestId });
    approve.push(performance.now() - startedAt);
    hello.push((await arrives) - startedAt);
    wire.close();
  }
  return { approve, hello };
}

/** A new device that waits; signs the next challenge as soon as it comes. @returns {Promise<Waiter>} */
function waiter(/** @type {Server} */ server, /** @type {number} */ index) {
  const wire = new WireClient({
    port: server.port,
    localAddress: `127.0.1.${1 + (index % ADDRESSES)}`,
  });
  const login = { device: makeDevice(), auth: {}, mode: "ui", caps: ["pairing-wait"] };
  return new Promise((resolve, reject) => {
    /** @type {(at: number) => void} */
    let arrived = () => {};
    /** @type {Promise<number>} */
    const hello = new Promise((done) => {
      arrived = done;
    });
    wire.onClose = () => reject(new Broken("a client that waits was closed"));
    wire.onText = (payload) => {
      const frame = JSON.parse(payload.toString());
      if (frame.event === "connect.challenge") {
        wire.write(connectFrame(frame.payload, login));
      } else if (frame.ok) arrived(performance.now());
      else if (frame.error) resolve({ requestId: frame.error.details.requestId, hello, wire });
    };
  });
}
