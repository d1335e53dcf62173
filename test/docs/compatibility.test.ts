import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { expectations } from "../../scripts/compat/expectations.mjs";
import { jsonLines } from "../../scripts/compat/judge.mjs";
import { groups } from "../../scripts/compat/rows/all.mjs";
import { compatibilityPage, surprise } from "../../scripts/compat/table.mjs";

const versions = { date: "2026-11-23", gateway: "1.0.0 (abc)", theirs: ["openclaw 2026.9.6"] };
const row = { area: "Devices", name: "devices list", judged: "the request with its code" };

test("a row that was seen to work says what was seen", () => {
  const page = compatibilityPage([{ ...row, passed: true, expected: "works" }], versions);
  expect(page).toContain("| `devices list` | works | the request with its code |");
  expect(page).toContain("1 work, 0 work with a difference, 0 do not work");
  expect(page).toContain("2026-11-23, gateway 1.0.0 (abc), with openclaw 2026.9.6");
});

test("a row that was not seen to work says why, on one line of one cell", () => {
  const broken = {
    ...row,
    passed: false,
    expected: "works" as const,
    error: "exit code 1:\n a | b",
  };
  expect(compatibilityPage([broken], versions)).toContain(
    "| `devices list` | does not work | exit code 1: a \\| b |",
  );
  expect(surprise(broken)).toBe("devices list: exit code 1:\n a | b");
});

test("a known difference and a known failure say why, and are no surprise", () => {
  const differs = { ...row, passed: true, expected: "differs" as const, why: "The code is short." };
  const fails = {
    ...row,
    passed: false,
    expected: "fails" as const,
    error: "exit code 1",
    why: "No TLS.",
  };
  const page = compatibilityPage([differs, fails], versions);
  expect(page).toContain(
    "works, with a difference | the request with its code. The code is short.",
  );
  expect(page).toContain("| does not work | No TLS. |");
  expect([surprise(differs), surprise(fails)]).toEqual([undefined, undefined]);
});

test("what cannot work and is refused as expected counts as not working, and says both", () => {
  const refused = { ...row, passed: true, expected: "refused" as const, why: "Nobody can answer." };
  const page = compatibilityPage([refused], versions);
  expect(page).toContain("0 work, 0 work with a difference, 1 do not work");
  expect(page).toContain("| does not work | the request with its code. Nobody can answer. |");
  expect(surprise(refused)).toBeUndefined();
  expect(surprise({ ...refused, passed: false, error: "exit code 0" })).toContain("exit code 0");
});

test("a row that was expected to fail and works is a surprise, and so is a difference that broke", () => {
  expect(surprise({ ...row, passed: true, expected: "fails", why: "No TLS." })).toContain(
    "works now",
  );
  const broken = {
    ...row,
    passed: false,
    expected: "differs" as const,
    why: "…",
    error: "exit code 1",
  };
  expect(surprise(broken)).toBe("devices list: exit code 1");
  expect(compatibilityPage([broken], versions)).toContain("| does not work | exit code 1 |");
});

test("rows have names of their own, and every expectation belongs to one", () => {
  const names = groups.flat().map(({ name }: { name: string }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(Object.keys(expectations).filter((name) => !names.includes(name))).toEqual([]);
});

test("the page has every row, and the README leads to it", () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const page = read("docs/compatibility.md");
  const names: string[] = groups.flat().map(({ name }: { name: string }) => name);
  const missing = names.filter((name) => !page.includes(`| \`${name}\` |`));
  expect(missing, "run: bash scripts/compat.sh").toEqual([]);
  expect(read("README.md")).toContain("(docs/compatibility.md)");
});

test("of a program that still writes, only whole lines are read", () => {
  const whole = '{"call":"health"}\n';
  for (const rest of ["", "{", '{"call":"se', '{"call":"sessions.list"}']) {
    expect(jsonLines(`noise\n${whole}${rest}`)).toEqual([{ call: "health" }]);
  }
  expect(jsonLines(`${whole}${whole}`)).toHaveLength(2);
});
