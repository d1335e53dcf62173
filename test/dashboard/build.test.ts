import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildDashboard, FIRST_LOAD } from "../../scripts/build-dashboard.mjs";

let folder = "";
let sizes: Record<string, number> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dashboard-"));
  sizes = await buildDashboard(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const read = (name: string) => readFile(join(folder, "dashboard", name), "utf8");

it("writes these files and no others", async () => {
  const names = ["app.js", "ed25519.js", "help.js", "index.html", "names.js", "style.css"];
  expect((await readdir(join(folder, "dashboard"))).sort()).toEqual(names);
  expect(Object.keys(sizes).sort()).toEqual(names);
});

it("keeps the first load within 20 KiB", () => {
  const total = FIRST_LOAD.reduce((sum: number, name: string) => sum + (sizes[name] ?? 0), 0);
  expect(total).toBeLessThanOrEqual(20 * 1024);
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

it("has the words for keys and rights in a chunk of 2 KiB, under names that every build gives", async () => {
  expect(sizes["names.js"]).toBeLessThanOrEqual(2048);
  expect(await read("names.js")).toMatch(/export\{.*as keyWords.*as rights.*\}/);
});

it("leaves the names of the wire alone", async () => {
  const app = await read("app.js");
  for (const name of [
    "deviceToken",
    "bootstrapToken",
    "signedAt",
    "publicKey",
    "displayName",
    "retryAfterMs",
  ]) {
    expect(app).toContain(name);
  }
});
