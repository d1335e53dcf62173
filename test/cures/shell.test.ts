import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { shellTexts } from "./shell-texts.ts";
import { shellTyped } from "./shell-typed.ts";

describe("every command that scripts of the shell tell people", () => {
  const names = shellTexts().map(({ name }) => name);
  const listed = Object.keys(shellTyped);

  test("is seen and typed by a test", () => {
    expect(names.filter((name) => !listed.includes(name))).toEqual([]);
    expect(listed.filter((name) => !names.includes(name))).toEqual([]);
  });

  test.each(Object.entries(shellTyped))("%s", async (_name, { file, as }) => {
    expect(await readFile(join(import.meta.dirname, "..", file), "utf8")).toContain(as);
  });
});
