import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildDashboard, FIRST_LOAD } from "../../scripts/build-dashboard.mjs";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dashboard-"));
  await buildDashboard(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const read = (name: string) => readFile(join(folder, "dashboard", name), "utf8");
const packedBytes = async (name: string) => gzipSync(await read(name)).length;

it("writes these files and no others", async () => {
  const names = ["app.js", "ed25519.js", "help.js", "index.html", "names.js", "style.css"];
  expect((await readdir(join(folder, "dashboard"))).sort()).toEqual(names);
});

it("keeps the first load within 20 KB, packed by gzip", async () => {
  const bytes = await Promise.all(FIRST_LOAD.map(packedBytes));
  expect(bytes.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(20_000);
});

it("has no inline script or style, and nothing from elsewhere", async () => {
  const html = await read("index.html");
  expect(html).not.toMatch(/<style|\sstyle\s*=|\son\w+\s*=|javascript:/i);
  expect(html.match(/<script\b[^>]*>(?!<\/script>)/)).toBeNull();
  for (const name of FIRST_LOAD)
    expect(await read(name)).not.toMatch(/https?:\/\/|@import|\beval\(/);
});

it("loads its chunks by name, and only when needed", async () => {
  const app = await read("app.js");
  expect(app).toContain('import("./ed25519.js")');
  expect(app).toContain('import("./help.js")');
  expect(app).toContain('import("./names.js")');
  expect(app).not.toMatch(/^import\b(?!\()/m);
});

it("has the words for keys and rights in a chunk of its own, under the names that the page asks for", async () => {
  expect(await read("names.js")).toMatch(/export\{.*as keyWords.*as rights.*\}/);
});
