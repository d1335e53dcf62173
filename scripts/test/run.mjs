// Runs every check and suite in turn, prints the minutes of each and, last, `N passed, N failed`.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { foldersOf, suites, testFiles } from "./suites.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = (name) => join(root, "node_modules/.bin", name);

function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      ...options,
    });
    child.on("error", () => resolve(127));
    child.on("close", (code) => resolve(code ?? 1));
  });
}

async function runCheck(suite) {
  const [command, ...args] = suite.command;
  const code = await run(command, args);
  const failures = code === 0 ? [] : [`exit code ${code}`];
  return { passed: code === 0 ? 1 : 0, failures, skipped: [] };
}

async function runTests(suite) {
  const folders = foldersOf(suite, await testFiles()).map((folder) => `test/${folder}/`);
  if (folders.length === 0) return { passed: 0, failures: [], skipped: [] };
  const temp = await mkdtemp(join(tmpdir(), "test-report-"));
  try {
    const report = join(temp, "report.json");
    const reporters = ["default", join(root, "scripts/test/reporter.mjs")];
    const args = [
      "run",
      "--config",
      "test/vitest.config.ts",
      "--passWithNoTests",
      ...reporters.map((name) => `--reporter=${name}`),
      ...(suite.options ?? []),
      ...folders,
    ];
    const env = { ...process.env, TEST_REPORT: report };
    const code = await run(bin("vitest"), args, { env });
    return summarize(await readFile(report, "utf8").catch(() => undefined), code);
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

/** Reads what reporter.mjs wrote. A run that broke in any other way counts as one failure. */
function summarize(text, code) {
  if (text === undefined) return { passed: 0, failures: ["no report was written"], skipped: [] };
  const report = JSON.parse(text);
  if (report.failures.length > 0 || code === 0) return report;
  return { ...report, failures: [`vitest ended with exit code ${code}`] };
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(
    `no such suite: ${unknown.join(", ")}; there are: ${suites.map(({ name }) => name).join(", ")}`,
  );
  process.exit(2);
}

const rows = [];
for (const suite of suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  console.log(`\n== ${suite.name}`);
  const startedAt = performance.now();
  const result = await (suite.command ? runCheck(suite) : runTests(suite));
  rows.push({ name: suite.name, minutes: (performance.now() - startedAt) / 60_000, ...result });
}

console.log("\nsuite         minutes  passed  failed  skipped");
for (const { name, minutes, passed, failures, skipped } of rows) {
  const cells = [
    minutes.toFixed(2).padStart(7),
    String(passed).padStart(7),
    String(failures.length).padStart(7),
    String(skipped.length).padStart(8),
  ];
  console.log(`${name.padEnd(13)} ${cells.join(" ")}`);
}
const skipped = rows.flatMap((row) => row.skipped);
const total = (count) => rows.reduce((sum, row) => sum + count(row), 0);
const minutes = total((row) => row.minutes);
const passed = total((row) => row.passed);
const failures = rows.flatMap((row) => row.failures.map((text) => `${row.name}: ${text}`));
console.log(`total ${minutes.toFixed(2)} minutes`);
if (skipped.length > 0) console.log(`skipped:\n${skipped.map((name) => `  ${name}`).join("\n")}`);
else console.log("nothing was skipped");
if (failures.length > 0) console.log(`failed:\n${failures.map((text) => `  ${text}`).join("\n")}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
