import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { samples } from "../../scripts/docs/errors.ts";
import { references } from "../../scripts/docs/reference.ts";
import * as refusals from "../../src/protocol/refusals.ts";

test.each(Object.entries(references()))("docs/%s says what the code declares", (name, text) => {
  const committed = readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");
  expect(committed, "run: npm run docs").toBe(text);
});

test("the README's commands are the scripts that exist", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  for (const script of ["scripts/start.sh", "scripts/test.sh"]) {
    expect(readme).toContain(`bash ${script}`);
    expect(readFileSync(new URL(`../../${script}`, import.meta.url), "utf8")).toContain("#!");
  }
});

test("every promise names a test that exists", () => {
  const page = references()["reliability.md"] ?? "";
  const links = [...page.matchAll(/\]\(\.\.\/(test\/[^)]+)\)/g)].map(([, file]) => file);
  expect(links.length).toBeGreaterThan(10);
  for (const file of links) {
    expect(existsSync(new URL(`../../${file}`, import.meta.url)), file).toBe(true);
  }
});

test("every refusal of a connect stands in the reference of errors", () => {
  const makers = Object.entries(refusals)
    .filter(([name, value]) => typeof value === "function" && name !== "withDetails")
    .map(([name]) => name);
  expect(Object.keys(samples).sort()).toEqual(makers.sort());
});
