// The budgets: what each thing may cost, in floors of the same run. docs/budgets.md is made of them.

/**
 * One line of the table. `rows` are the rows of the bench that measure it.
 * @typedef {{ what: string, rows: readonly string[] } & (Times | Milliseconds | Elsewhere)} Budget
 *
 * @typedef {object} Times
 * @property {string} floor      what it is compared with
 * @property {number} times      at most so many floors
 * @property {string} [written]  the figure it was first written as, where that was not a ratio
 *
 * @typedef {object} Milliseconds
 * @property {number} ms         at most so many, on any machine
 * @property {string} because    why no floor decides
 *
 * @typedef {object} Elsewhere
 * @property {string} limit
 * @property {string} unmeasured  why the bench has no row for it, or what holds it instead
 */

const RAW = "a raw uWebSockets.js server that parses and answers JSON";
const SIGNED = `${RAW} and verifies one signature`;
const NODE = "the start of a bare node";
const SYNC = "one fdatasync of as many bytes";
const sizes = ["100", "10k", "100k"];
const each = (/** @type {string} */ id) => sizes.map((size) => `${id}-${size}`);

/**
 * A figure of the machine on which both it and its floor were measured, as a ratio.
 * @param {number} limit @param {number} floor @param {string} unit
 */
function where(limit, floor, unit) {
  const written = `${limit} ${unit} where the floor has ${floor}`;
  return { times: limit / floor, written };
}

/** @type {readonly Budget[]} */
export const budgets = [
  { what: "server CPU of a small request", rows: ["presence", "health"], floor: RAW, times: 1.05 },
  { what: "`device.pair.list`, 16 devices", rows: ["devices"], floor: RAW, times: 1 },
  {
    what: "signed connect by the shared token",
    rows: ["connect-token"],
    floor: SIGNED,
    times: 1.25,
  },
  {
    what: "signed connect by a device token",
    rows: ["connect-device"],
    floor: SIGNED,
    times: 1.15,
  },
  {
    what: "memory of an idle authenticated connection",
    rows: ["memory"],
    floor: RAW,
    ...where(2, 0.77, "KB"),
  },
  { what: "start to the first hello-ok", rows: ["start"], floor: NODE, times: 2 },
  {
    what: "start to ready with 100,000 devices",
    rows: ["state-start-100k"],
    floor: NODE,
    times: 5,
  },
  { what: "resident memory, idle", rows: ["idle"], floor: RAW, ...where(62, 47, "MB") },
  {
    what: "resident memory with 100,000 devices",
    rows: ["state-memory-100k"],
    floor: RAW,
    ...where(130, 47, "MB"),
  },
  { what: "`openclaw devices list`", rows: ["cli"], floor: NODE, times: 1.4 },
  {
    what: "durable approval, p50",
    rows: ["approve-p50", ...each("commit-p50")],
    floor: SYNC,
    times: 2.5,
  },
  {
    what: "durable approval, p99",
    rows: ["approve-p99", ...each("commit-p99")],
    floor: SYNC,
    times: 3,
  },
  {
    what: "growth of a durable approval from 100 to 100,000 devices, p50 and p99",
    rows: ["growth-p50", "growth-p99"],
    floor: "the growth of one fdatasync beside it, which is none",
    times: 1.2,
  },
  {
    what: "broadcast to 5,000 connections, CPU per receiver",
    rows: ["broadcast-5k"],
    floor: "uWebSockets.js `publish`",
    times: 1.05,
  },
  {
    what: "broadcast to 100 connections, CPU per receiver",
    rows: ["broadcast-100"],
    floor: "uWebSockets.js `publish`",
    times: 1.3,
  },
  {
    what: "`node.invoke`, there and back",
    rows: ["invoke"],
    floor: "a raw uWebSockets.js relay",
    times: 1.25,
  },
  {
    what: "CPU with 10,000 quiet connections",
    rows: ["idle-cpu"],
    floor: RAW,
    times: 1.3,
  },
  {
    what: "longest turn of the event loop, whatever happens to 100,000 devices or 2,000 pages",
    rows: ["stall-snapshot-100k", "stall-pages-100k", "stall-whole-100k", "presence-turn"],
    ms: 15,
    because: "a node that does nothing has no turns to speak of; everyone else waits that long",
  },
  {
    what: "approval to the waiting client's hello-ok, p99",
    rows: ["hello-p99"],
    ms: 100,
    because: "somebody looks at a page and waits",
  },
  {
    what: "a delta of a run to 500 watchers: CPU each; latency beyond the frame",
    rows: [],
    limit: "1.3×; 1.5× a relay made of raw sockets",
    unmeasured: "there are no runs yet",
  },
  {
    what: "the agent's process, first use to the first byte sent to the provider; its memory",
    rows: [],
    limit: "4× the start of a bare node; 2× a bare node",
    unmeasured: "there is no agent yet",
  },
  {
    what: "the dashboard's first load; the page a device arrives at",
    rows: [],
    limit: "50 KB gzip; 20 KB",
    unmeasured: "there is no dashboard yet, and a page weighs the same on every machine",
  },
  {
    what: "download of a release without Node.js",
    rows: [],
    limit: "15 MB",
    unmeasured: "`test/release/release.test.ts` holds it",
  },
];

/** What a row may cost, if there is a budget for it. @param {string} id */
export function budgetOf(id) {
  const found = budgets.find(({ rows }) => rows.includes(id));
  return found === undefined || "unmeasured" in found ? undefined : found;
}
