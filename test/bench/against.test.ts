import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { builtProgram } from "../kit/build.ts";

const program = fileURLToPath(new URL("../../scripts/bench/run.mjs", import.meta.url));
const run = promisify(execFile);
const DEARER_MS = 500;

/** This build, each start of it made dearer. */
async function dearerBuild(folder: string): Promise<string> {
  const real = pathToFileURL(await builtProgram()).href;
  const wait = `const end = performance.now() + ${DEARER_MS}; while (performance.now() < end);`;
  await writeFile(join(folder, "index.js"), `${wait}\nawait import(${JSON.stringify(real)});\n`);
  await writeFile(join(folder, "package.json"), '{ "type": "module" }\n');
  return folder;
}

test("a build that is dearer than a commit's is told so, by the name of the row", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bench-against-"));
  try {
    const json = join(folder, "bench.json");
    const dist = await dearerBuild(folder);
    const args = ["--against", "HEAD", "--quick", "--rows", "cli", "--json", json, "--dist", dist];
    const ended = await run(process.execPath, [program, ...args]).catch((error) => error);
    expect(ended, ended.stderr).toMatchObject({ code: 1 });
    expect(ended.stdout).toMatch(/Worse beyond the noise:\n {2}openclaw devices list \+\d+/);
    const { results, against } = JSON.parse(await readFile(json, "utf8"));
    expect(against).toMatch(/^[0-9a-f]{7,} \S/);
    expect(results).toMatchObject([{ id: "cli", verdict: "worse" }]);
    const [{ repeats, before, now }] = results;
    expect(repeats.before).toHaveLength(6);
    expect(repeats.now).toHaveLength(6);
    // Sides are changed every second time: each value is still of the build it is said to be of.
    expect(Math.min(...repeats.now)).toBeGreaterThan(DEARER_MS);
    expect(now - before).toBeGreaterThan(DEARER_MS / 2);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a commit that is not there is an error that names it", async () => {
  const bench = run(process.execPath, [program, "--against", "nothing-like-it", "cpu"]);
  const stderr = expect.stringContaining("no such commit here: nothing-like-it");
  await expect(bench).rejects.toMatchObject({ code: 1, stderr });
});
