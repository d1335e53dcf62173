import { expect, test } from "vitest";
import { foldersOf, suites, testFiles } from "../../scripts/test/suites.mjs";

/** The suites that run each of `files`. */
function runBy(files: readonly string[]): [string, string[]][] {
  return files.map((file) => {
    const by = suites.filter((suite) =>
      foldersOf(suite, files).some((folder) => file.startsWith(`${folder}/`)),
    );
    return [file, by.map(({ name }) => name)];
  });
}

test("every test file is run by one suite, and every folder that a suite names has tests", async () => {
  const files = await testFiles();
  expect(files).toContain("architecture/suites.test.ts");
  expect(runBy(files).filter(([, by]) => by.length !== 1)).toEqual([]);
  const named = suites.flatMap(({ folders = [] }) => folders);
  const present = new Set(files.map((file) => file.split("/")[0]));
  expect(named.filter((folder) => !present.has(folder))).toEqual([]);
});

test("a new folder is run with the unit tests; a test outside of any folder, by nobody", () => {
  expect(runBy(["new-room/deep/a.test.ts", "fault/b.test.ts", "stray.test.ts"])).toEqual([
    ["new-room/deep/a.test.ts", ["unit"]],
    ["fault/b.test.ts", ["fault"]],
    ["stray.test.ts", []],
  ]);
});
