import { chmod, lstat, mkdir, readFile, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { type EditPlan, planEdit } from "../../src/config/edit.ts";
import { readConfigFile, type WriteFile, writePlan } from "../../src/config/edit-file.ts";
import { shell } from "../../src/protocol/command.ts";
import { replaceFile, temporaryFolder } from "./support.ts";

const requests = [{ key: "gateway.port", text: "7" }];
let folder = "";
let path = "";

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder, "openclaw.json");
});

/** Reads, plans and writes, as one change does. */
async function edit(write: WriteFile, path: string, wanted = requests): Promise<EditPlan> {
  const file = await readConfigFile(path);
  const plan = planEdit(file.raw, wanted, { file: path });
  await writePlan(file, plan, write);
  return plan;
}

it("creates a missing file", async () => {
  const plan = await edit(replaceFile, path);
  expect(plan.changedPaths).toEqual(["gateway.port"]);
  expect(await readFile(path, "utf8")).toBe('{\n  "gateway": {\n    "port": 7\n  }\n}\n');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it("hands on the identity of the file it replaces", async () => {
  await writeFile(path, "{}");
  await chmod(path, 0o640);
  await edit(replaceFile, path);
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  const { identity } = await readConfigFile(path);
  expect(identity).toEqual({ mode: 0o640, uid: process.getuid?.(), gid: process.getgid?.() });
});

it("follows symbolic links, also to a file that is not there yet", async () => {
  await mkdir(join(folder, "real"));
  await symlink("real/config.json", path);
  for (const port of ["7", "8"]) {
    const request = { key: "gateway.port", text: port };
    await edit(replaceFile, path, [request]);
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
    expect(await readFile(join(folder, "real/config.json"), "utf8")).toContain(`"port": ${port}`);
  }
});

it("writes nothing when nothing changes", async () => {
  await writeFile(path, '{"gateway": {"port": 7}}');
  const refuse = () => Promise.reject(new Error("must not write"));
  const plan = await edit(refuse, path);
  expect(plan).toMatchObject({ changedPaths: [], diff: "" });
});

it("refuses when the file changed since it was read", async () => {
  await writeFile(path, "{}");
  const file = await readConfigFile(path);
  const plan = planEdit(file.raw, requests, { file: path });
  await writeFile(path, "{ }");
  await expect(writePlan(file, plan, replaceFile)).rejects.toMatchObject({
    code: "CONFIG_CHANGED",
    message: "config changed since last load; re-run config.get and retry",
  });
  expect(await readFile(path, "utf8")).toBe("{ }");
  const other = await readConfigFile(path);
  await expect(writePlan(other, plan, replaceFile)).rejects.toMatchObject({
    code: "CONFIG_CHANGED",
  });
});

it("names what keeps it from reading or writing", async () => {
  await mkdir(path);
  await expect(edit(replaceFile, path)).rejects.toMatchObject({
    code: "CONFIG_READ",
    next: shell`ls -lLd ${path}`,
  });
  const full = () => Promise.reject(Object.assign(new Error("no"), { code: "ENOSPC" }));
  const other = join(folder, "it's.json");
  await expect(edit(full, other)).rejects.toMatchObject({
    code: "CONFIG_WRITE",
    message: "the config can't be written: the disk is full",
  });
});

it("refuses when its link leads to another file by now", async () => {
  await writeFile(join(folder, "one.json"), "{}");
  await writeFile(join(folder, "two.json"), "{}");
  await symlink("one.json", path);
  const file = await readConfigFile(path);
  const plan = planEdit(file.raw, requests, { file: path });
  await unlink(path);
  await symlink("two.json", path);
  await expect(writePlan(file, plan, replaceFile)).rejects.toMatchObject({
    code: "CONFIG_CHANGED",
  });
  expect(await readFile(join(folder, "two.json"), "utf8")).toBe("{}");
});
