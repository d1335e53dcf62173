import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./sources.ts";

/** SECURITY.md makes no claim without a test: by its file, and by words of its title. */

const text = readFileSync(join(root, "SECURITY.md"), "utf8");
const claims = text.split("\n").filter((line) => line.startsWith("- "));
const LINK = /\[test\]\(([^\s)]+) "([^"]+)"\)/g;

/** What is wrong with the tests that a claim names. */
function problems(claim: string): string[] {
  const named = [...claim.matchAll(LINK)];
  if (named.length === 0) return [`no test: ${claim}`];
  return named.flatMap(([, file = "", title = ""]) => {
    const path = join(root, file);
    if (!file.startsWith("test/") || !existsSync(path)) return [`${file} is not there`];
    return readFileSync(path, "utf8").includes(title) ? [] : [`${file} has no test “${title}”`];
  });
}

test("each claim names tests that are there", () => {
  expect(claims.length).toBeGreaterThan(25);
  expect(claims.flatMap(problems)).toEqual([]);
});

test.each([
  ["- All is well.", "no test"],
  ['- All is well. ([test](test/gone.test.ts "x"))', "is not there"],
  ['- All is well. ([test](test/architecture/names.test.ts "nobody wrote it"))', "has no test"],
])("%s: %s", (claim, problem) => {
  const found = problems(claim);
  if (problem !== "") expect(found.join()).toContain(problem);
});

test("every kind of secret has what a stolen one gives and what ends it", () => {
  const sections = text.split("\n## ").slice(1);
  const secrets = sections.filter((section) => /stolen/i.test(section));
  expect(secrets.length).toBeGreaterThanOrEqual(8);
  for (const section of secrets) expect(section).toMatch(/What ends (it|them|a stolen copy)/);
});
