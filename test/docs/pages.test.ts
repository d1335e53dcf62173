import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const below = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...below.filter((name) => name.endsWith(".md")).map((name) => join("docs", name)),
];

/** What a page names that is not there: files that it links to, and files of the source. */
function missing(page: string, text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, "");
  const links = [...prose.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, to = ""]) =>
    join(dirname(page), to),
  );
  const named = [...prose.matchAll(/`((?:src|test|scripts)\/[\w./-]+\.(?:ts|mjs|sh))`/g)];
  const files = [...links, ...named.map(([, file = ""]) => file)];
  return files.filter((file) => !existsSync(join(root, file)));
}

test.each(pages)("%s names files that exist", (page) => {
  expect(missing(page, readFileSync(join(root, page), "utf8"))).toEqual([]);
});

test("a link and a file that are not there are named", () => {
  const text =
    "[here](limits.md) [not](gone.md#at) `src/index.ts` `src/gone.ts` [web](https://a.b)";
  expect(missing("docs/a.md", text)).toEqual(["docs/gone.md", "src/gone.ts"]);
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
