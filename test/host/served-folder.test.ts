import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isWithin, mayServe } from "../../src/host/served-folder.ts";

let base: string;
beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "served-")));
  for (const name of ["app", "state/ui", "etc/ui", "empty", "odd/index.html"]) {
    await mkdir(join(base, name), { recursive: true });
  }
  for (const name of [".", "app", "state", "state/ui", "etc", "etc/ui"]) {
    await writeFile(join(base, name, "index.html"), "<!doctype html>");
  }
  await writeFile(join(base, "etc/openclaw.json"), "{}");
  await symlink("state", join(base, "link-to-state"));
  await symlink("app", join(base, "link-to-app"));
});
afterAll(() => rm(base, { recursive: true, force: true }));

const ask = (name: string) =>
  mayServe(join(base, name), {
    stateDir: join(base, "state"),
    configPath: join(base, "etc/openclaw.json"),
  });

describe("a folder can be served", () => {
  test.each(["app", "link-to-app"])("%s, as what it really is", async (name) => {
    expect(await ask(name)).toEqual({ ok: true, path: join(base, "app") });
  });

  test("beside the configuration's file, below its folder", async () => {
    expect(await ask("etc/ui")).toEqual({ ok: true, path: join(base, "etc/ui") });
  });
});

test.each([
  [".", "private", /holds the gateway's state/],
  ["state", "private", /holds the gateway's state/],
  ["link-to-state", "private", /holds the gateway's state/],
  ["state/ui", "private", /lies in the gateway's state/],
  ["etc", "private", /holds the configuration/],
  ["gone", "missing", /can't be opened: there is no such file/],
  ["empty", "missing", /index.html can't be opened: there is no such file/],
  ["odd", "missing", /index.html is no file/],
  ["etc/openclaw.json", "private", /holds the configuration/],
])("%s can't: %s", async (name, why, reason) => {
  expect(await ask(name)).toEqual({ ok: false, why, reason: expect.stringMatching(reason) });
});

test("the root of the file system holds everything", async () => {
  expect(await mayServe("/", { stateDir: base, configPath: "/none" })).toMatchObject({
    why: "private",
  });
});

test("a folder whose name begins alike is another one", () => {
  expect(isWithin("/a/state", "/a/state-ui")).toBe(false);
  expect(isWithin("/a/state", "/a/..state")).toBe(false);
  expect(isWithin("/a", "/a/..b/c")).toBe(true);
  expect(isWithin("/a", "/a")).toBe(true);
});
