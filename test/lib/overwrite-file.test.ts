import { describe, expect, test } from "vitest";
import { isMixture, overwriteFile } from "../../src/lib/overwrite-file.ts";
import { MemoryFiles } from "../store/support/memory-files.ts";

const path = "/etc/g.json";
const short = Buffer.from('{ "port": 1 }\n');
const long = Buffer.from(`{ "name": "${"n".repeat(2000)}" }\n`);
const ways = [
  ["longer", { before: short, after: long }],
  ["shorter", { before: long, after: short }],
] as const;

function files(before: Buffer): MemoryFiles {
  const fs = new MemoryFiles();
  fs.put(path, before);
  return fs;
}

describe.each(ways)("a %s content", (_how, change) => {
  test("takes the old one's place, durably, in the same file", async () => {
    const fs = files(change.before);
    const inode = fs.inodes.get(path);
    await overwriteFile(path, change, fs);
    expect(fs.inodes.get(path)).toBe(inode);
    expect(fs.afterPowerCut(() => 0).content(path)).toEqual(change.after);
  });

  test("is written however few bytes go at a time", async () => {
    const fs = files(change.before);
    fs.plan = ({ what }) => (what === "write" ? { short: 700 } : undefined);
    await overwriteFile(path, change, fs);
    expect(fs.content(path)).toEqual(change.after);
  });

  test("reads as one or the other at every step", async () => {
    const fs = files(change.before);
    const texts = [change.before, change.after].map((one) => JSON.stringify(JSON.parse(`${one}`)));
    fs.plan = () => {
      expect(texts).toContain(JSON.stringify(JSON.parse(`${fs.content(path)}`)));
      return undefined;
    };
    await overwriteFile(path, change, fs);
  });

  test("that can't be written leaves the old one", async () => {
    const steps = files(change.before);
    await overwriteFile(path, change, steps);
    for (const { index, what } of steps.steps) {
      if (what === "close") continue;
      const fs = files(change.before);
      fs.plan = (step) => (step.index === index ? { error: "EIO" } : undefined);
      await expect(overwriteFile(path, change, fs)).rejects.toMatchObject({ code: "EIO" });
      expect(fs.content(path), `${what} ${index}`).toEqual(change.before);
    }
  });

  test("cut short by a power cut leaves one, the other, or what is known as a mixture", async () => {
    const steps = files(change.before);
    await overwriteFile(path, change, steps);
    const seen = new Set<boolean>();
    for (const { index } of steps.steps) {
      for (const part of [0, 0.1, 0.3, 0.5, 0.8, 1]) {
        const fs = files(change.before);
        fs.plan = (step) => (step.index === index ? { crash: true } : undefined);
        void overwriteFile(path, change, fs);
        await new Promise((done) => setImmediate(done));
        const left = fs.afterPowerCut((most) => Math.floor(most * part)).content(path);
        const whole = left.equals(change.before) || left.equals(change.after);
        expect(whole || isMixture(left, change)).toBe(true);
        seen.add(whole);
      }
    }
    expect([...seen].sort()).toEqual([false, true]);
  });
});

test("a full disk is found out before anything is overwritten", async () => {
  const fs = files(short);
  fs.capacity = 500;
  const writing = overwriteFile(path, { before: short, after: long }, fs);
  await expect(writing).rejects.toMatchObject({ code: "ENOSPC" });
  expect(fs.content(path)).toEqual(short);
});

describe("what a person wrote is no mixture", () => {
  const before = Buffer.from('{ "name": "one", "port": 1 }\n');
  const after = Buffer.from('{ "name": "other", "port": 1 }\n');
  test.each([
    ["the old content", before],
    ["the new content", after],
    ["another value", Buffer.from('{ "name": "three", "port": 1 }\n')],
    ["something longer", Buffer.from('{ "name": "other", "port": 1, "more": 2 }\n')],
    ["nothing", Buffer.alloc(0)],
  ])("%s", (_what, found) => {
    expect(isMixture(found, { before, after })).toBe(false);
  });
});
