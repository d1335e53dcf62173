import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { firstLine, readSmallFile } from "../../src/lib/small-file.ts";

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
