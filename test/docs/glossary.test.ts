import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Where texts for people are; the rest is spoken to programs. */
const FOLDERS = ["cli", "dashboard", "main", "methods", "notify", "pairing", "protocol"];
/** Names another project's things, and the glossary itself. */
const OTHERS = ["compatibility.md", "glossary.md"];

async function files(folder: string, ending: string): Promise<string[]> {
  const names = await readdir(join(root, folder), { recursive: true });
  return names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}

/** The words of the last column of every table. */
async function avoided(): Promise<string[]> {
  const page = await readFile(join(root, "docs/glossary.md"), "utf8");
  const cells = [...page.matchAll(/^\| \*\*.*\| ([^|]+) \|$/gm)].map(([, cell = ""]) => cell);
  return cells.flatMap((cell) => (cell === "–" ? [] : cell.split(", ")));
}

/** What a file says to people: of a page all, of source its strings. */
function textOf(path: string, text: string): string {
  if (path.endsWith(".md")) return text;
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return [...code.matchAll(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g)].join("\n");
}

test("no text says in another word what the glossary has one for", async () => {
  const words = await avoided();
  expect(words.length).toBeGreaterThan(12);
  const wrong = new RegExp(`\\b(${words.join("|")})\\b`, "gi");
  const pages = (await files("docs", ".md")).filter(
    (path) => !OTHERS.some((o) => path.endsWith(o)),
  );
  const sources = await Promise.all(FOLDERS.map((folder) => files(`src/${folder}`, ".ts")));
  const found: string[] = [];
  for (const path of ["README.md", ...pages, ...sources.flat()]) {
    const text = textOf(path, await readFile(join(root, path), "utf8"));
    for (const [word] of text.matchAll(wrong)) found.push(`${path}: ${word}`);
  }
  expect(found).toEqual([]);
});

test("the strings of a source are looked at, its comments are not", () => {
  const source = '// an invitation\nconst a = "said";\n/** declined */\nconst b = `to them`;';
  expect(textOf("a.ts", source)).toBe('"said"\n`to them`');
});
