import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtProgram } from "../kit/build.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** A row of the JSON, as far as its shape matters here: times are never asserted. */
interface Row {
  id: string;
  n: number;
  floor: { median: number; rounds: number };
  ours: { median: number; q1: number; q3: number; rounds: number };
  ratio: number;
  control: { expected: number; added: number; noticed: boolean };
  budget: { limit: number; verdict: string } | null;
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-test-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("two quick rows: printed, written as JSON, and their controls noticed", async () => {
  const json = join(folder, "bench.json");
  const rows = "presence,idle";
  const dist = dirname(await builtProgram());
  const args = ["--quick", "--rows", rows, "--json", json, "--dist", dist];
  const { stdout } = await run(process.execPath, [join(root, "scripts/bench/run.mjs"), ...args]);
  expect(stdout).toContain("small request (system-presence)");
  expect(stdout).toMatch(/resident memory, idle .* (kept|kept here|missed by .*)\n/);
  const { results } = JSON.parse(await readFile(json, "utf8")) as { results: Row[] };
  expect(results.map(({ id }) => id)).toEqual(["presence", "idle"]);
  for (const row of results) {
    expect(row.n).toBeGreaterThan(0);
    expect(row.floor.median).toBeGreaterThan(0);
    expect(row.ours.q1).toBeLessThanOrEqual(row.ours.q3);
    expect(row.ratio).toBeCloseTo(row.ours.median / row.floor.median);
    expect(row.control).toMatchObject({ noticed: true });
    expect(row.budget?.limit).toBeGreaterThan(0);
  }
});

test("quick rows of the crowd: half of the connections hear each event, and what makes it dearer shows", async () => {
  const json = join(folder, "crowd.json");
  const dist = dirname(await builtProgram());
  const rows = ["broadcast-100", "last-100"];
  const args = ["--quick", "--rows", rows.join(), "--json", json, "--dist", dist];
  await run(process.execPath, [join(root, "scripts/bench/run.mjs"), ...args]);
  const { results } = JSON.parse(await readFile(json, "utf8")) as { results: Row[] };
  expect(results.map(({ id }) => id)).toEqual(rows);
  expect(results[0]?.n).toBe(50 * (results[0]?.ours.rounds ?? 0));
  for (const { control } of results) expect(control).toMatchObject({ noticed: true });
  // What is added to each send is what the last one waits for: little of it hides behind the reading.
  const { added = 0, expected = 0 } = results[1]?.control ?? {};
  expect(added).toBeGreaterThan(expected / 2);
});

test("an unknown row is an error that names it", async () => {
  const bench = run(process.execPath, [join(root, "scripts/bench/run.mjs"), "--rows", "nothing"]);
  await expect(bench).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no such row: nothing"),
  });
});
