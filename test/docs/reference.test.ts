import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { samples } from "../../scripts/docs/errors.ts";
import { references } from "../../scripts/docs/reference.ts";
import { direct } from "../../scripts/docs/rooms.ts";
import * as refusals from "../../src/protocol/refusals.ts";
import { floors, rooms } from "../architecture/layers.ts";

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

test("the picture of the rooms leaves out what another path leads to, and nothing else", () => {
  const imports = new Map([
    ["top", new Set(["middle", "low"])],
    ["middle", new Set(["low"])],
    ["low", new Set<string>()],
    ["beside", new Set(["low"])],
  ]);
  const seen = direct(imports).map((edge) => edge.join(" -> "));
  expect(seen).toEqual(["top -> middle", "middle -> low", "beside -> low"]);
});

test("the picture shows every room on a floor, and the table every room", () => {
  const page = references()["architecture.md"] ?? "";
  const [, picture = ""] = /```mermaid\n([\s\S]*?)```/.exec(page) ?? [];
  expect(Object.keys(floors).filter((room) => !picture.includes(`\n    ${room}\n`))).toEqual([]);
  expect(rooms.filter((room) => !page.includes(` | \`${room}\` | `))).toEqual([]);
  expect(picture).toContain("  main --> transport\n");
});
