// Rows of durable approvals: one after the other, by fifty approvers, and how their cost grows.
import { result } from "../result.mjs";
import { quantile } from "../stats.mjs";
import { rawSyncs } from "./raw-sync.mjs";
import { perSize, sizes, sizesOf } from "./sizes.mjs";
import { States } from "./states.mjs";

/**
 * @typedef {import("./states.mjs").Subject} Subject
 * @typedef {import("./sizes.mjs").Size} Size
 * @typedef {{ floor: number[], ours: number[], control: number[] }} Samples
 */

/** What the control adds to each fdatasync. */
const SYNC_MS = 4;
/** Journal bytes of one approval, about. */
const APPROVAL_BYTES = 850;
const APPROVERS = 50;
/** Each is approved once, so there are more of them than a gateway would keep. */
const REQUESTS = 6_000;

const plans = {
  full: { rounds: 7, alone: 200, together: 500 },
  quick: { rounds: 3, alone: 60, together: 300 },
  once: { rounds: 2, alone: 60, together: 300 },
};

/** @type {import("../result.mjs").Row[]} */
const growthRows = [
  {
    id: "growth-p50",
    title: "cost of a commit, 100 to 100,000 devices, p50",
    unit: "×",
  },
  {
    id: "growth-p99",
    title: "cost of a commit, 100 to 100,000 devices, p99",
    unit: "×",
  },
];

export const commitRows = [
  ...perSize("commit-p50", "durable approval, p50", { unit: "ms" }),
  ...perSize("commit-p99", "durable approval, p99", { unit: "ms" }),
  ...perSize("approvers", "approval among 50 approvers", { unit: "µs" }),
  ...growthRows,
];

/** @type {import("../result.mjs").Measure} */
export async function measureCommits(bench, rows, effort) {
  const plan = plans[effort];
  const growth = growthRows.some(({ id }) => rows.some((row) => row.id === id));
  const wanted = growth ? sizes : sizesOf(rows);
  const all = [];
  for (const size of wanted) all.push(await Measured.open(bench, size));
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const one of all) await one.round(bench.folder, plan);
  }
  for (const one of all) await one.stop();
  const results = all.flatMap((one) => one.results(plan));
  if (growth) results.push(...growthResults(all, plan.rounds));
  return rows.flatMap((row) => results.filter(({ id }) => id === row.id));
}

/** One size: the gateway, and the one whose disk is slower. */
class Measured {
  p50 = samples();
  p99 = samples();
  together = samples();

  /** @param {Size} size @param {{ ours: Subject, control: Subject }} subjects */
  constructor(size, subjects) {
    this.size = size;
    this.subjects = subjects;
  }

  static async open(/** @type {import("../bench.mjs").Bench} */ bench, /** @type {Size} */ size) {
    /** @param {import("../gateway.mjs").Build} build @param {import("./states.mjs").Slow} slow */
    const start = async (build, slow) => {
      const states = States.of(build);
      const state = await states.copy({ devices: size.devices, requests: REQUESTS });
      const subject = await states.start(state, slow);
      await states.settle(subject);
      return subject;
    };
    const measured = new Measured(size, {
      ours: await start(bench.ours, {}),
      control: await start(bench.control, { syncMs: SYNC_MS }),
    });
    // What was never called yet is slow once.
    for (const subject of Object.values(measured.subjects)) await approveAlone(subject, 50);
    return measured;
  }

  /** @param {string} folder @param {{ alone: number, together: number }} plan */
  async round(folder, { alone, together }) {
    const raw = await rawSyncs(folder, { bytes: APPROVAL_BYTES, count: alone });
    const times = { floor: raw, ours: [0], control: [0] };
    this.together.floor.push(mean(raw) * 1000);
    for (const name of /** @type {const} */ (["ours", "control"])) {
      times[name] = await approveAlone(this.subjects[name], alone);
      this.together[name].push(await approveTogether(this.subjects[name], together));
    }
    for (const name of /** @type {const} */ (["floor", "ours", "control"])) {
      this.p50[name].push(quantile(times[name], 0.5));
      this.p99[name].push(quantile(times[name], 0.99));
    }
  }

  results(/** @type {{ rounds: number, alone: number, together: number }} */ plan) {
    const { rounds, alone, together } = plan;
    const row = (/** @type {string} */ name) => {
      const id = `${name}-${this.size.id}`;
      return commitRows.find((one) => one.id === id) ?? { id, title: id, unit: "" };
    };
    const each = { added: SYNC_MS, operations: rounds * alone };
    const many = result(row("approvers"), {
      ...this.together,
      // A group of commits shares the slower fdatasync.
      added: (SYNC_MS * 1000) / APPROVERS,
      operations: rounds * together,
    });
    const rate = Math.round(1e6 / many.ours.median);
    return [
      result(row("commit-p50"), { ...this.p50, ...each }),
      result(row("commit-p99"), { ...this.p99, ...each }),
      { ...many, title: `${many.title} (${rate.toLocaleString("en")} commits/s)` },
    ];
  }

  async stop() {
    for (const subject of Object.values(this.subjects)) await subject.remove();
  }
}

/** @returns {Samples} */
function samples() {
  return { floor: [], ours: [], control: [] };
}

/** Ratios round by round; the control is a gateway that is slower with the many devices alone. */
function growthResults(/** @type {readonly Measured[]} */ all, /** @type {number} */ rounds) {
  const [few, many] = [all[0], all.at(-1)];
  if (!few || !many) return [];
  return growthRows.map((row) => {
    const name = row.id === "growth-p50" ? "p50" : "p99";
    const over = (/** @type {number[]} */ a, /** @type {number[]} */ b) =>
      a.map((value, i) => value / (b[i] ?? Number.NaN));
    const measured = {
      floor: over(many[name].floor, few[name].floor),
      ours: over(many[name].ours, few[name].ours),
      control: over(many[name].control, few[name].ours),
    };
    const added = SYNC_MS / quantile(few[name].ours, 0.5);
    return result(row, { ...measured, added, operations: rounds });
  });
}

/** Milliseconds of each of `count` approvals. */
async function approveAlone(/** @type {Subject} */ subject, /** @type {number} */ count) {
  const admin = await subject.admin();
  const times = [];
  for (let i = 0; i < count; i += 1) {
    const startedAt = performance.now();
    await admin.ask("device.pair.approve", subject.next());
    times.push(performance.now() - startedAt);
  }
  admin.close();
  return times;
}

/** Microseconds of wall time for each of `count` approvals of fifty owners at once. */
async function approveTogether(/** @type {Subject} */ subject, /** @type {number} */ count) {
  const admins = await Promise.all(Array.from({ length: APPROVERS }, () => subject.admin()));
  let left = count;
  const startedAt = performance.now();
  await Promise.all(
    admins.map(async (admin) => {
      while (left-- > 0) await admin.ask("device.pair.approve", subject.next());
    }),
  );
  const took = performance.now() - startedAt;
  for (const admin of admins) admin.close();
  return (took * 1000) / count;
}

function mean(/** @type {readonly number[]} */ values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
