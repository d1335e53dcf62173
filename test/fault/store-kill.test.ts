import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemWorld } from "../../src/lib/world.ts";
import { openDocument } from "../../src/store/document.ts";
import { until } from "../kit/until.ts";
import { bundle, scratch, start } from "../store/support/bundle.ts";
import { tallyShape } from "../store/support/shapes.ts";

let base = "";
let program = "";

beforeAll(async () => {
  base = await scratch();
  program = await bundle(new URL("../store/support/commit-program.ts", import.meta.url), base);
});
afterAll(() => rm(base, { recursive: true }));

test("after kill -9 at any moment every acknowledged change is there", async () => {
  const folder = join(base, "state");
  await mkdir(folder, { mode: 0o700 });
  let first = 0;
  const acknowledged = new Set<string>();
  for (let round = 0; round < 25; round += 1) {
    const child = start(program, [folder, String(first)]);
    // Only what was acknowledged can be lost, however slow the machine is.
    await until(() => child.lines.length > 4, "the first acknowledged changes");
    await new Promise((done) => setTimeout(done, Math.random() * 80));
    await child.kill();
    for (const line of child.lines) acknowledged.add(line);
    const document = await openDocument(tallyShape, { folder, world: systemWorld });
    const ids = document.durable.ids;
    const present = new Set(ids.map(String));
    expect([...acknowledged].filter((id) => !present.has(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    await document.close();
    first = Math.max(...ids) + 1;
  }
  expect(acknowledged.size).toBeGreaterThan(100);
  const names = (await readdir(folder)).filter((name) => name.startsWith("tally"));
  expect(names.filter((name) => /damaged|tmp/.test(name))).toEqual([]);
  expect(names).toContain("tally.json");
});
