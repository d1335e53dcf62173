// Runs every row, prints what it came to, and writes the page. Started by scripts/compat.sh.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { endAll, killAll } from "../../test/kit/program.mjs";
import { expectations } from "./expectations.mjs";
import { groups } from "./rows/all.mjs";
import { Stage } from "./stage.mjs";
import { compatibilityPage, outcome, surprise } from "./table.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** A row is bounded by the deadlines of what it runs; this holds where one of them is forgotten. */
const ROW_MS = 400_000;

const { values } = parseArgs({
  options: {
    packages: { type: "string" },
    only: { type: "string" },
    table: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});
const { packages, only, keep } = values;
if (!packages) {
  console.error("run this as: bash scripts/compat.sh");
  process.exit(2);
}

/** @type {Stage | undefined} */
let stage;

/** Leaves nothing behind: no program, no folder. */
async function cleanUp() {
  await stage?.close();
  await endAll();
  if (keep) console.log(`kept: ${stage?.folder}`);
  else if (stage) await rm(stage.folder, { recursive: true, force: true, maxRetries: 5 });
}

// Programs are in groups of their own, which a signal to this one does not reach.
process.on("exit", killAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => cleanUp().finally(() => process.exit(130)));
}

/** With `--only`, the whole groups in which a row has that text. */
function wantedRows() {
  const fits = ({ area, name }) => `${area} ${name}`.includes(only ?? "");
  return groups.filter((group) => group.some(fits)).flat();
}

/** @param {import("./rows/all.mjs").Row} row @param {Stage} stage */
async function tryRow(row, stage) {
  const timer = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not done in ${ROW_MS / 1000} s`)), ROW_MS).unref();
  });
  const { outcome: expected = "works", why } = expectations[row.name] ?? {};
  const about = { area: row.area, name: row.name, judged: row.judged, expected, why };
  try {
    await Promise.race([row.run(stage), timer]);
    return { ...about, passed: true };
  } catch (error) {
    return { ...about, passed: false, error: error instanceof Error ? error.message : `${error}` };
  }
}

/** A package's version. @param {string} folder */
const version = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;

/** Packages of others, beside OpenClaw's own, by their folders: an older version's is named after it. */
const others = [
  "openclaw-node",
  "openclaw-node-0.1.0",
  "openclaw-mcp",
  "@clawdbot/lobster",
  "openai",
  "ai",
  "@ai-sdk/openai-compatible",
];

/** A package's name, by its folder. @param {string} folder */
const nameOf = (folder) => folder.replace(/-[\d.]+$/, "");

/** @returns {import("./table.mjs").Versions} */
function versions() {
  const git = spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" });
  const commit = git.status === 0 ? ` (${git.stdout.trim()})` : "";
  return {
    date: new Date().toISOString().slice(0, 10),
    gateway: `${version(root)}${commit}`,
    theirs: [
      `openclaw ${version(join(packages, "openclaw"))}`,
      ...others.map((name) => `${nameOf(name)} ${version(join(packages, name))}`),
      `Node.js ${version(join(packages, `node-linux-${process.arch}`))}`,
      ...stage.versions,
    ],
  };
}

stage = await Stage.make({ packages });
const startedAt = performance.now();
const results = [];
try {
  await stage.startGateway();
  for (const row of wantedRows()) {
    const rowAt = performance.now();
    const result = await tryRow(row, stage);
    const seconds = ((performance.now() - rowAt) / 1000).toFixed(1).padStart(5);
    results.push(result);
    const said = result.passed ? "" : `\n         ${result.error}`;
    console.log(`${seconds} s ${outcome(result).padEnd(7)} ${row.area}: ${row.name}${said}`);
  }
} finally {
  await cleanUp();
}

const surprises = results.map(surprise).filter((line) => line !== undefined);
if (!only) {
  const path = values.table ?? join(root, "docs/compatibility.md");
  writeFileSync(path, compatibilityPage(results, versions()));
  console.log(`written: ${path}`);
}
for (const line of surprises) console.log(`not as expected: ${line}`);
const count = (kind) => results.filter((result) => outcome(result) === kind).length;
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
console.log(
  `${count("works")} work, ${count("differs")} with a difference, ${count("fails")} do not; ${surprises.length} not as expected; ${minutes} minutes`,
);
process.exit(surprises.length === 0 ? 0 : 1);
