import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { firstLine, lineReader, readSmallFile } from "../../src/lib/small-file.ts";

const folder = mkdtempSync(join(tmpdir(), "small-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a file is read up to its bound", async () => {
  const path = join(folder, "words");
  writeFileSync(path, "wörd\nmore\n");
  expect(await readSmallFile(path, 4096)).toBe("wörd\nmore\n");
  expect(await readSmallFile(path, 5)).toBe("wörd");
  expect(firstLine(await readSmallFile(path, 4096))).toBe("wörd");
});

test("a first line of nothing is none", () => {
  expect(firstLine("")).toBeUndefined();
  expect(firstLine(" \t\nsecond")).toBeUndefined();
  expect(firstLine("  token \r\nx")).toBe("token");
});

test("what is no file is refused at once: a pipe that nobody writes would be waited for", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  await expect(readSmallFile(pipe, 10)).rejects.toMatchObject({ code: "EFTYPE" });
  await expect(readSmallFile(folder, 10)).rejects.toMatchObject({ code: "EFTYPE" });
  await expect(readSmallFile("/dev/zero", 10)).rejects.toMatchObject({ code: "EFTYPE" });
  await expect(readSmallFile(join(folder, "none"), 10)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a line is read anew once it is old, or another file is named, and none is no error", async () => {
  let now = 0;
  let path: string | undefined;
  const file = join(folder, "token");
  const read = lineReader({ path: () => path, maxBytes: 100, keepMs: 1000, now: () => now });
  expect(await read()).toBeUndefined();
  path = file;
  expect(await read()).toBeUndefined();
  writeFileSync(file, "one\n");
  now = 1000;
  expect(await read()).toBeUndefined();
  now = 1001;
  expect(await read()).toBe("one");
  writeFileSync(file, "two\n");
  expect(await read()).toBe("one");
  path = join(folder, "none");
  expect(await read()).toBeUndefined();
  path = file;
  expect(await read()).toBe("two");
  path = undefined;
  expect(await read()).toBeUndefined();
});
