import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { missingOn } from "../architecture/references.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const below = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...below.filter((name) => name.endsWith(".md")).map((name) => join("docs", name)),
];

test.each(pages)("%s names files that exist, and links to headings that do", (page) => {
  expect(missingOn(page, readFileSync(join(root, page), "utf8"))).toEqual([]);
});

test("the README is short, and says what it is, how to start, how to install and how to pair", () => {
  const readme = readFileSync(join(root, "README.md"));
  expect(readme.length).toBeLessThanOrEqual(7000);
  const text = String(readme);
  expect(text).toMatch(/^# .+\n\nA small, fast gateway for/);
  expect(text).toContain("(docs/images/pairing.png)");
  expect(text).toMatch(/curl -fsSL https:\/\/\S+\/install\.sh \| bash/);
  const [, pairing = ""] = /\n## How pairing works\n\n([\s\S]*?)\n\n/.exec(text) ?? [];
  expect(pairing.split("\n")).toHaveLength(5);
});

test("the README leads to every page of the docs, by itself or through one of them", () => {
  const read = (page: string) => readFileSync(join(root, page), "utf8");
  const led = new Set(["README.md"]);
  for (const page of led) {
    for (const [, to = ""] of read(page).matchAll(/\]\(([\w./-]+\.md)/g)) {
      const target = join(dirname(page), to);
      if (existsSync(join(root, target))) led.add(target);
    }
  }
  expect(pages.filter((page) => !led.has(page))).toEqual([]);
});

test("every package that the program or its tests use is on the page of packages", () => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const page = readFileSync(join(root, "docs/packages.md"), "utf8");
  const used = Object.keys({ ...dependencies, ...devDependencies });
  const types = (name: string) => name.startsWith("@types/");
  expect(used.filter((name) => !types(name) && !page.includes(`\`${name}\``))).toEqual([]);
});
