import { describe, expect, test } from "vitest";
import { completeWrite, configWriter, isCutShort } from "../../src/config/write-file.ts";
import type { FileSystem } from "../../src/lib/atomic-file.ts";
import { MemoryFiles, type Step } from "../store/support/memory-files.ts";

const path = "/etc/g.json";
const stateDir = "/state";
const aside = "/state/config-in-place.json";
const old = `{ "name": "${"o".repeat(900)}" }\n`;
const next = `{ "name": "${"n".repeat(1500)}", "port": 1 }\n`;
const before = { mode: 0o640, uid: 1000, gid: 1000, text: old };

/** A file that nothing can be renamed over, as one that is mounted by itself. */
function mounted(): MemoryFiles {
  const fs = new MemoryFiles();
  fs.put(path, Buffer.from(old));
  fs.plan = (step) => busy(step);
  return fs;
}

const busy = ({ what, path: to }: Step) =>
  what === "rename" && to === path ? { error: "EBUSY" } : undefined;

const write = (fs: FileSystem) => configWriter(stateDir, fs)(path, next, before);
const text = (fs: MemoryFiles) => fs.content(path).toString();
const started = async (fs: MemoryFiles) => {
  if (await isCutShort(stateDir, fs)) await completeWrite(stateDir, fs);
  return fs;
};

test("a file is replaced where it can be", async () => {
  const fs = new MemoryFiles();
  fs.put(path, Buffer.from(old));
  expect(await write(fs)).toBe("replaced");
  expect(text(fs)).toBe(next);
});

test.each([
  ["a mount of its own", busy],
  ["in a folder that is for reading alone", failsNew("EROFS")],
  ["in a folder of another user", failsNew("EACCES")],
])("%s: it is written in place, and no copy is left", async (_what, plan) => {
  const fs = mounted();
  fs.plan = plan;
  const inode = fs.inodes.get(path);
  expect(await write(fs)).toBe("in place");
  expect(text(fs)).toBe(next);
  expect(fs.inodes.get(path)).toBe(inode);
  expect([...fs.inodes.keys()]).toEqual([path]);
});

function failsNew(error: string) {
  return ({ what, path: at }: Step) =>
    what === "openNew" && at.startsWith("/etc/") ? { error } : undefined;
}

test("a mount that is for reading alone says so, and stays as it is", async () => {
  const fs = mounted();
  fs.plan = (step) => busy(step) ?? (step.what === "openExisting" ? { error: "EROFS" } : undefined);
  await expect(write(fs)).rejects.toMatchObject({ code: "EROFS" });
  expect(text(fs)).toBe(old);
  expect(await isCutShort(stateDir, fs)).toBe(false);
});

test("what has nothing to do with its place is not tried in place", async () => {
  const fs = mounted();
  fs.plan = ({ what }) => (what === "sync" ? { error: "EIO" } : undefined);
  await expect(write(fs)).rejects.toMatchObject({ code: "EIO" });
  expect(text(fs)).toBe(old);
});

describe("cut short at any step", () => {
  const steps = async () => {
    const fs = mounted();
    await write(fs);
    return fs.steps.map(({ index }) => index);
  };
  const cutAt = async (index: number) => {
    const fs = mounted();
    fs.plan = (step) => busy(step) ?? (step.index === index ? { crash: true } : undefined);
    void write(fs);
    await new Promise((done) => setImmediate(done));
    return fs;
  };

  test("by a kill or a power cut, the next start finds the old content or the new", async () => {
    const found = new Set<string>();
    for (const index of await steps()) {
      const cut = await cutAt(index);
      const pictures = [0, 0.4, 0.7, 1].map((part) =>
        cut.afterPowerCut((most) => Math.floor(most * part)),
      );
      for (const fs of [cut.afterKill(), ...pictures]) {
        await started(fs);
        expect([old, next], `step ${index}`).toContain(text(fs));
        expect(await isCutShort(stateDir, fs)).toBe(false);
        found.add(text(fs));
      }
    }
    expect(found.size).toBe(2);
  });

  test("what a person wrote before the next start stays", async () => {
    const all = await steps();
    const fs = (await cutAt(all[all.length - 4] ?? 0)).afterKill();
    const theirs = `${old.trimEnd()} // mine\n`;
    fs.put(path, Buffer.from(theirs));
    await started(fs);
    expect(text(fs)).toBe(theirs);
  });

  test("a copy that is none is thrown away", async () => {
    const fs = mounted();
    fs.put(aside, Buffer.from("{"));
    await started(fs);
    expect([...fs.inodes.keys()]).toEqual([path]);
    expect(text(fs)).toBe(old);
  });
});

test("where not even the old content could be written back the copy stays", async () => {
  const fs = mounted();
  let writes = 0;
  fs.plan = (step) => {
    if (step.what === "write" && step.path === path) writes += 1;
    // The room is taken, then half is written, and then nothing more.
    if (step.what === "write" && step.path === path && writes === 2) return { short: 600 };
    return busy(step) ?? (writes > 2 && step.path === path ? failing(step) : undefined);
  };
  await expect(write(fs)).rejects.toMatchObject({ code: "EIO" });
  expect(await isCutShort(stateDir, fs)).toBe(true);
  fs.plan = () => undefined;
  await started(fs);
  expect(text(fs)).toBe(next);
});

function failing({ what }: Step) {
  return what === "readFile" || what === "close" ? undefined : { error: "EIO" };
}
