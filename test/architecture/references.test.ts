import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  anchorsOf,
  commentsOf,
  missingOn,
  ownFiles,
  pageProblems,
  pathlessPages,
} from "./references.ts";
import { root } from "./sources.ts";

const files = ownFiles().filter((name) => !/\.(png|gz|xz)$/.test(name));
const read = (name: string) => readFileSync(join(root, name), "utf8");

describe("pages that the project's files name", () => {
  test("every page that a comment names is in the repository, and the heading in it", () => {
    expect(files.length).toBeGreaterThan(700);
    const problems = files.flatMap((name) =>
      pageProblems(commentsOf(name, read(name))).map((problem) => `${name}: ${problem}`),
    );
    expect(problems).toEqual([]);
  });

  test("so is every page of docs/ that a text of the program or its units names", () => {
    const texts = files.filter((name) => /^(src|deploy|nginx|systemd)\//.test(name));
    const problems = texts.flatMap((name) => {
      const pages = [...read(name).matchAll(/\bdocs\/[\w/-]+\.md(?:#[\w-]+)?/g)].join(" ");
      return pageProblems(pages).map((problem) => `${name}: ${problem}`);
    });
    expect(problems).toEqual([]);
  });
});

test("no title of a test and no other text names such a page without its path", () => {
  const texts = files.filter((name) => !name.startsWith("test/architecture/references."));
  const problems = texts.flatMap((name) =>
    pathlessPages(read(name)).map((problem) => `${name}: ${problem}`),
  );
  expect(problems).toEqual([]);
});

describe("the rule", () => {
  test.each([
    ["a page that is there", "see docs/limits.md.", []],
    ["a heading that is there", "(docs/protocol.md#the-signed-text)", []],
    ["a page of the root", "README.md and CONTRIBUTING.md", []],
    ["a page that is not", "see docs/gone.md", ["docs/gone.md is not there"]],
    ["a heading that is not", "docs/limits.md#gone", ["docs/limits.md#gone is not there"]],
    ["a page without its folder", "see limits.md", ["limits.md is not there"]],
    ["no page", "see the protocol\npage", ['"protocol page" names no page by its path']],
    ["no rule", "what a design rule says", ['"design rule" names no page by its path']],
    ["words that only look like it", "the design of a protocol; a page of rows", []],
    ["addresses", "https://example.com/a/README.md", []],
  ])("%s", (_what, text, problems) => {
    expect(pageProblems(text)).toEqual(problems);
  });

  test("comments are found, and texts are none", () => {
    const text = '/**\n * One\n * two.\n */\nconst a = "// no"; // three\nconst b = "http://no";\n';
    expect(commentsOf("a.ts", text)).toBe("/**\n One\n two.\n/\n// three");
    expect(commentsOf("a.sh", "# one\necho a#b # two\n")).toBe("# one\n# two");
  });

  test("headings have the anchors that GitHub gives them", () => {
    const page =
      "# The wire\n## What `hello-ok` says, (all)\n```\n# none\n```\n## The wire\n### node.invoke\n";
    expect([...anchorsOf(page)]).toEqual([
      "the-wire",
      "what-hello-ok-says-all",
      "the-wire-1",
      "nodeinvoke",
    ]);
  });

  test("of a page's links, files and headings that are not there are named", () => {
    const text =
      "# A\n[here](limits.md) [a](#a) [b](#b) [not](gone.md#at) [no](limits.md#gone) `src/index.ts` `src/gone.ts` [web](https://a.b)";
    expect(missingOn("docs/a.md", text)).toEqual([
      "docs/a.md#b",
      "docs/gone.md#at",
      "docs/limits.md#gone",
      "src/gone.ts",
    ]);
  });
});
