import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { shellTexts } from "./shell-texts.ts";
import { MOST_SHELL_NOT_TYPED, shellNotTyped, shellTyped } from "./shell-typed.ts";

describe("every command that scripts of the shell tell people", () => {
  const names = shellTexts().map(({ name }) => name);
  const listed = [...Object.keys(shellTyped), ...shellNotTyped];

  test("is seen and typed by a test, or listed as one that is not yet", () => {
    expect(names.filter((name) => !listed.includes(name))).toEqual([]);
    expect(listed.filter((name) => !names.includes(name))).toEqual([]);
    expect(new Set(listed).size).toBe(listed.length);
    expect(shellNotTyped.length).toBeLessThanOrEqual(MOST_SHELL_NOT_TYPED);
  });

  test.each(Object.entries(shellTyped))("%s", async (_name, { file, as }) => {
    expect(await readFile(join(import.meta.dirname, "..", file), "utf8")).toContain(as);
  });
});
