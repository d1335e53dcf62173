import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const below = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
const pages = [
  "README.md",
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
