import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { builtProgram } from "../kit/build.ts";

const STATIC = /(?:from|import)"\.\/([^"]+\.js)"/g;
const ANY = /"\.\/([\w-]+\.js)"/g;

/** The files that are loaded from `entry`, by name: those of earlier builds may lie beside them. */
async function filesFrom(entry: string, imports: RegExp): Promise<ReadonlyMap<string, string>> {
  const folder = dirname(await builtProgram());
  const files = new Map<string, string>();
  const names = new Set([entry]);
  for (const name of names) {
    const text = await readFile(join(folder, name), "latin1");
    files.set(name, text);
    for (const [, file = ""] of text.matchAll(imports)) names.add(file);
  }
  return files;
}

test("no built file has a character that doubles the memory of its text", async () => {
  const files = [...(await filesFrom("index.js", ANY))];
  expect(files.length).toBeGreaterThan(50);
  const beyond = files.filter(([, text]) => /[^\0-\x7f]/.test(text)).map(([name]) => name);
  expect(beyond).toEqual([]);
});

test("no file that the gateway starts from is read as one large piece", async () => {
  const program = await filesFrom("index.js", ANY);
  const gateway = [...program.keys()].find((name) => name.startsWith("gateway-")) ?? "";
  const files = [...(await filesFrom(gateway, STATIC))];
  expect(files.length).toBeGreaterThan(3);
  expect(files.filter(([, text]) => text.length > 450_000).map(([name]) => name)).toEqual([]);
});

test("only a file that asks for CommonJS packages makes itself a `require`", async () => {
  for (const [name, text] of await filesFrom("index.js", ANY)) {
    const makes = text.includes("createRequire as __createRequire");
    expect([name, makes]).toEqual([name, /\btypeof require\b/.test(text)]);
  }
});
