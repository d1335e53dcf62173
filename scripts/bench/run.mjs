// npm run bench: the gateway beside its floor, in turn in one run. See --help.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { killAll } from "../../test/kit/program.mjs";
import { buildInputs } from "../build-inputs.mjs";
import { buildOf } from "./against.mjs";
import { Bench } from "./bench.mjs";
import { compareGroup, plans, ruleOf } from "./compare.mjs";
import { makeFolder, removeFolder } from "./folders.mjs";
import { Build } from "./gateway.mjs";
import { groups, idsOf, named } from "./groups.mjs";
import { Broken, pinLoad } from "./processes.mjs";
import { budgetsTable, changesInWords, changesTable, rowsTable } from "./report.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const allIds = idsOf(groups);

const HELP = `npm run bench -- [options] [groups]

Measures the built gateway beside a raw uWebSockets.js server (the floor; for processes, bare node),
in turn in one run. Server CPU comes from the kernel's scheduler. Each row has a control, the same
gateway made dearer by a known amount: a row that does not notice it is no measurement.

  groups         only these: ${Object.keys(named).join(" ")}
  --only a,b     the same
  --rows a,b     only these rows: ${allIds.join(" ")}
  --quick        fewer and shorter rounds, about two minutes; without \`state\` and \`crowd\`
                 unless asked for
  --json FILE    the same as JSON
  --dist DIR     measure this build instead of dist/
  --node FLAG    give the servers a flag of node, such as --cpu-prof (repeatable)
  --against C    compare with commit C, see below

Exit code 0 also when a budget is missed; 1 when the measurement itself is broken.

With --against, commit C is unpacked and built in a temporary folder, and stands where otherwise the
control does: floor, this build, that build, in turn. Each group is measured ${plans.full.repeats} times (with --quick
${plans.quick.repeats} times and shorter, about eight minutes in all), every time with new servers, the two builds in
each other's place every second time. Large states are filled by each commit's own program.

${ruleOf(plans.full)}

Exit code 1 when any row got worse.
`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    rows: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    dist: { type: "string" },
    node: { type: "string", multiple: true, default: [] },
    against: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

/** Builds when dist/ is missing or older than what it is made of. */
function freshDist() {
  const dist = join(root, "dist");
  const built = join(dist, "index.js");
  const newest = Math.max(...buildInputs.map((name) => newestIn(join(root, name))));
  if (!existsSync(built) || statSync(built).mtimeMs < newest) {
    execFileSync(process.execPath, [join(root, "scripts/build.mjs")], { stdio: "inherit" });
  }
  return dist;
}

/** @param {string} path @returns {number} */
function newestIn(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}

function wantedIds() {
  const ids = options.rows?.split(",") ?? wantedGroups().flatMap((name) => idsOf(named[name]));
  const unknown = ids.filter((id) => !allIds.includes(id));
  if (unknown.length > 0) throw new Broken(`no such row: ${unknown.join(", ")}; see --help`);
  return ids;
}

/** Large states and crowds take minutes: a quick run leaves them out. */
const SLOW_GROUPS = ["state", "crowd"];

function wantedGroups() {
  const all = /** @type {(keyof typeof named)[]} */ (Object.keys(named));
  const asked = askedGroups();
  const unknown = asked?.find((name) => !(name in named));
  if (unknown !== undefined) throw new Broken(`no such group: ${unknown}; see --help`);
  return all.filter(
    (name) => asked?.includes(name) ?? !(options.quick && SLOW_GROUPS.includes(name)),
  );
}

function askedGroups() {
  const asked = [...positionals, ...(options.only?.split(",") ?? [])];
  return asked.length > 0 ? asked : undefined;
}

/** @param {string} folder @returns {Promise<{ bench: Bench, against?: string }>} */
async function benchIn(folder) {
  const flags = options.node;
  const asIs = options.against !== undefined;
  const dist = options.dist ?? freshDist();
  const ours = new Build({ folder: join(folder, "ours"), dist, sources: root, flags, asIs });
  if (options.against === undefined) return { bench: new Bench({ folder, ours, control: ours }) };
  const other = join(folder, "against");
  const { name: against, ...made } = await buildOf(options.against, { root, folder: other });
  const control = new Build({ folder: other, ...made, flags, asIs });
  return { bench: new Bench({ folder, ours, control }), against };
}

/**
 * Starts from a fresh folder, does `work` with each group that has rows to measure, and cleans up.
 * @template T
 * @param {(bench: Bench, group: import("./result.mjs").Group, rows: readonly import("./result.mjs").Row[]) => Promise<T[]>} work
 */
async function withGroups(work) {
  const ids = wantedIds();
  const folder = await makeFolder();
  try {
    // What is built may use every core; from here on the load keeps to its own.
    const { bench, against } = await benchIn(folder);
    const apart = pinLoad();
    const results = [];
    try {
      await bench.provision();
      for (const group of groups) {
        const rows = group.rows.filter(({ id }) => ids.includes(id));
        if (rows.length === 0) continue;
        process.stderr.write(`measuring ${rows.map(({ title }) => title).join("; ")} …\n`);
        results.push(...(await work(bench, group, rows)));
      }
    } catch (error) {
      process.stderr.write(bench.lastLog());
      throw error;
    }
    return { results, apart, against };
  } finally {
    killAll();
    await removeFolder(folder);
  }
}

/** @param {{ apart: boolean, startedAt: number, results: readonly unknown[] }} run @param {object} [more] */
function about({ apart, startedAt, results }, more) {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const facts = { node: process.version, apart, seconds, quick: options.quick, ...more, results };
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify(facts, null, 2)}\n`);
  }
  const where = apart ? "servers on core 0, load on core 1" : "servers and load NOT kept apart";
  return `node ${process.version}, ${where}, ${seconds} s`;
}

async function measure() {
  const startedAt = performance.now();
  const effort = options.quick ? "quick" : "full";
  const run = await withGroups((bench, group, rows) => group.measure(bench, rows, effort));
  const { results } = run;
  const how = `${about({ ...run, startedAt })}; median (quartiles) of rounds`;
  process.stdout.write(`\n${rowsTable(results)}\n\n${how}\n\n${budgetsTable(results)}\n`);
  const unnoticed = results.filter(({ control }) => !control.noticed);
  for (const { title } of unnoticed) {
    process.stderr.write(`BROKEN: the control of "${title}" went unnoticed\n`);
  }
  if (unnoticed.length > 0) process.exitCode = 1;
}

async function compareBuilds() {
  const startedAt = performance.now();
  const plan = options.quick ? plans.quick : plans.full;
  const run = await withGroups((bench, group, rows) => compareGroup(bench, { group, rows, plan }));
  const { results, against } = run;
  const how = about({ ...run, startedAt }, { against, repeats: plan.repeats });
  const words = `before: ${against}\n${ruleOf(plan)}\n${how}`;
  process.stdout.write(`\n${changesTable(results)}\n\n${words}\n`);
  process.stdout.write(`\n${changesInWords(results)}\n`);
  if (results.some(({ verdict }) => verdict === "worse")) process.exitCode = 1;
}

async function main() {
  if (options.help) process.stdout.write(HELP);
  else if (options.against === undefined) await measure();
  else await compareBuilds();
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    killAll();
    process.exit(1);
  });
}
process.once("exit", killAll);

await main().catch((error) => {
  killAll();
  process.stderr.write(`BROKEN: ${error instanceof Broken ? error.message : error.stack}\n`);
  process.exitCode = 1;
});
