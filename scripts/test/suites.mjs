// @ts-check
// Which suites there are, and which folders of tests each one runs.
import { readdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = (/** @type {string} */ name) => join(root, "node_modules/.bin", name);

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string[]} [command] a program and its arguments; a suite without one runs tests
 * @property {string[]} [folders] folders of test/ whose tests it runs
 * @property {boolean} [others] it runs every folder of test/ that no suite names
 * @property {string[]} [options] further arguments for vitest
 */

/**
 * Suites in the order they run: what fails fastest comes first.
 * @type {Suite[]}
 */
export const suites = [
  { name: "types", command: [bin("tsc"), "--noEmit"] },
  { name: "lint", command: [bin("biome"), "check", "--error-on-warnings"] },
  { name: "shell", command: ["bash", join(root, "scripts/test/shell.sh")] },
  { name: "unit", others: true },
  { name: "conformance", folders: ["gateway"] },
  { name: "e2e", folders: ["e2e"] },
  { name: "browser", folders: ["browser"] },
  { name: "fault", folders: ["fault"] },
  // One file at a time: each is a crowd under attack.
  { name: "siege", folders: ["siege"], options: ["--no-file-parallelism"] },
  { name: "release", folders: ["release", "install"] },
  { name: "vps", folders: ["vps"] },
  { name: "container", folders: ["container"] },
  // Who wants the page in docs/ runs the script; a test run leaves the working tree alone.
  {
    name: "compat",
    command: ["bash", join(root, "scripts/compat.sh"), "--table", "/dev/null"],
  },
  // One at a time: what runs beside a measurement is measured too.
  { name: "bench", folders: ["bench"], options: ["--no-file-parallelism"] },
];

/**
 * Every test file, relative to test/, such as `cli/kit/age.test.ts`.
 * @returns {Promise<string[]>}
 */
export async function testFiles() {
  const names = await readdir(join(root, "test"), { recursive: true });
  return names.filter((name) => name.endsWith(".test.ts")).map((name) => name.replaceAll(sep, "/"));
}

/**
 * The folders of test/ whose tests a suite runs: of those that hold a test, the ones it names, or the
 * ones that no suite names.
 * @param {Suite} suite
 * @param {readonly string[]} files test files, relative to test/
 * @returns {string[]}
 */
export function foldersOf({ folders = [], others = false }, files) {
  const present = files.flatMap((file) => (file.includes("/") ? [file.split("/")[0] ?? ""] : []));
  const named = new Set(suites.flatMap((suite) => suite.folders ?? []));
  return [...new Set(present)]
    .filter((folder) => folders.includes(folder) || (others && !named.has(folder)))
    .sort();
}
