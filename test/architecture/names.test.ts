import { expect, test } from "vitest";
import { roomOf } from "./layers.ts";
import { type Source, sources } from "./sources.ts";

/** `type Name =` or `type Name<…> =`, so that a line `type Name,` of an import is none. */
const DECLARED =
  /^[ \t]*(export )?(?:declare )?(?:abstract )?(?:(?:interface|class|enum) (\w+)|type (\w+)(?: =|<))/gm;

/** Names of types that one file exports and another declares too, with the files that declare them. */
function meaningTwo(files: readonly Pick<Source, "name" | "text">[]): Map<string, string[]> {
  const declared = new Map<string, { exported: boolean; files: string[] }>();
  for (const { name: file, text } of files) {
    for (const [, isExported, one, other = ""] of text.matchAll(DECLARED)) {
      const name = one ?? other;
      const known = declared.get(name) ?? { exported: false, files: [] };
      declared.set(name, known);
      known.exported ||= isExported !== undefined;
      if (!known.files.includes(file)) known.files.push(file);
    }
  }
  const twice = [...declared].filter(([, known]) => known.exported && known.files.length > 1);
  return new Map(twice.map(([name, known]) => [name, known.files]));
}

test("a type that is exported is the only one of its name, but for the page, which stands alone", () => {
  const found = meaningTwo(sources.filter(({ name }) => roomOf(name) !== "dashboard"));
  expect([...found]).toEqual([]);
});

test("a name that one file exports is found in the others, exported there or not", () => {
  const found = meaningTwo([
    { name: "a.ts", text: "export interface Place {\n}\nclass Own {}\nexport type One = Two;\n" },
    { name: "b.ts", text: "function f() {\n  type Place = string;\n}\nabstract class Own {}\n" },
    {
      name: "c.ts",
      text: 'export { One } from "./a.ts";\nimport {\n  type One,\n} from "./a.ts";\n',
    },
  ]);
  expect([...found]).toEqual([["Place", ["a.ts", "b.ts"]]]);
});
