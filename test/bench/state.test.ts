import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { builtProgram } from "../kit/build.ts";

const program = fileURLToPath(new URL("../../scripts/bench/run.mjs", import.meta.url));
const run = promisify(execFile);

/** A row of the JSON, as far as its shape matters here: times are never asserted. */
interface Row {
  id: string;
  title: string;
  n: number;
  floor: { median: number };
  ours: { median: number };
  control: { noticed: boolean };
}

test("the rows of large states: made by the store, measured on the built gateway, blocks noticed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bench-state-"));
  try {
    const json = join(folder, "bench.json");
    const rows = ["approvers-100", "stall-snapshot-100", "stall-pages-10k"];
    const dist = dirname(await builtProgram());
    const args = ["--quick", "--rows", rows.join(), "--json", json, "--dist", dist];
    // A control that went unnoticed is exit code 1; of these, only blocked turns are sure to show.
    const ended = await run(process.execPath, [program, ...args]).catch((error: Error) => error);
    const text = await readFile(json, "utf8").catch(() => {
      throw new Error("the bench wrote nothing", { cause: ended });
    });
    const { results } = JSON.parse(text) as { results: Row[] };
    expect(results.map(({ id }) => id)).toEqual(rows);
    for (const row of results) {
      expect(row.n).toBeGreaterThan(0);
      expect(row.floor.median).toBeGreaterThan(0);
      expect(row.ours.median).toBeGreaterThan(0);
    }
    expect(results[0]?.title).toMatch(/commits\/s/);
    expect(results.slice(1).map(({ control }) => control.noticed)).toEqual([true, true]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("an unknown group is an error that names it", async () => {
  const bench = run(process.execPath, [program, "--only", "nothing"]);
  const stderr = expect.stringContaining("no such group: nothing");
  await expect(bench).rejects.toMatchObject({ code: 1, stderr });
});
