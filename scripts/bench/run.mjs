// npm run bench: the gateway beside its floor, in turn in one run. See --help.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { killAll } from "../../test/kit/program.mjs";
import { buildInputs } from "../build-inputs.mjs";
import { cpuGroups } from "./cpu-rows.mjs";
import { crowdGroups } from "./crowd/groups.mjs";
import { Bench } from "./gateway.mjs";
import { invokeGroups } from "./invoke-rows.mjs";
import { memoryGroups } from "./memory-row.mjs";
import { Broken, pinLoad } from "./processes.mjs";
import { budgetsTable, rowsTable } from "./report.mjs";
import { startGroups } from "./start-rows.mjs";
import { stateGroups } from "./state/groups.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const named = {
  cpu: cpuGroups,
  invoke: invokeGroups,
  memory: memoryGroups,
  start: startGroups,
  state: stateGroups,
  crowd: crowdGroups,
};
const groups = Object.values(named).flat();
const idsOf = (/** @type {readonly import("./result.mjs").Group[]} */ some) =>
  some.flatMap(({ rows }) => rows.map(({ id }) => id));
const allIds = idsOf(groups);

const HELP = `npm run bench -- [options]

Measures the built gateway beside a raw uWebSockets.js server (the floor; for processes, bare node),
in turn in one run. Server CPU comes from the kernel's scheduler. Each row has a control, the same
gateway made dearer by a known amount: a row that does not notice it is no measurement.

  --only a,b     only these groups: ${Object.keys(named).join(" ")}
  --rows a,b     only these rows: ${allIds.join(" ")}
  --quick        fewer and shorter rounds, about two minutes; without \`state\` and \`crowd\`
                 unless asked for
  --json FILE    the same as JSON
  --dist DIR     measure this build instead of dist/
  --node FLAG    give the servers a flag of node, such as --cpu-prof (repeatable)

Exit code 0 also when a budget is missed; 1 when the measurement itself is broken.
`;

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    rows: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    dist: { type: "string" },
    node: { type: "string", multiple: true, default: [] },
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
  const asked = options.only?.split(",");
  const unknown = asked?.find((name) => !(name in named));
  if (unknown !== undefined) throw new Broken(`no such group: ${unknown}; see --help`);
  return all.filter(
    (name) => asked?.includes(name) ?? !(options.quick && SLOW_GROUPS.includes(name)),
  );
}

async function measure() {
  const ids = wantedIds();
  const apart = pinLoad();
  const bench = await Bench.make({ dist: options.dist ?? freshDist(), flags: options.node });
  const results = [];
  try {
    await bench.provision();
    for (const group of groups) {
      const rows = group.rows.filter(({ id }) => ids.includes(id));
      if (rows.length === 0) continue;
      process.stderr.write(`measuring ${rows.map(({ title }) => title).join("; ")} …\n`);
      results.push(...(await group.measure(bench, rows, { quick: options.quick })));
    }
  } catch (error) {
    process.stderr.write(bench.lastLog());
    throw error;
  } finally {
    killAll();
    await bench.remove();
  }
  return { results, apart };
}

async function main() {
  if (options.help) return process.stdout.write(HELP);
  const startedAt = performance.now();
  const { results, apart } = await measure();
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const where = apart ? "servers on core 0, load on core 1" : "servers and load NOT kept apart";
  const about = `node ${process.version}, ${where}, ${seconds} s; median (quartiles) of rounds`;
  const unnoticed = results.filter(({ control }) => !control.noticed);
  process.stdout.write(`\n${rowsTable(results)}\n\n${about}\n\n${budgetsTable(results)}\n`);
  if (options.json !== undefined) {
    const facts = { node: process.version, apart, seconds, quick: options.quick, results };
    writeFileSync(options.json, `${JSON.stringify(facts, null, 2)}\n`);
  }
  for (const { title } of unnoticed) {
    process.stderr.write(`BROKEN: the control of "${title}" went unnoticed\n`);
  }
  if (unnoticed.length > 0) process.exitCode = 1;
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
