import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");
export const src = join(root, "src");

/** One import, re-export or `import()` of a file: also those of types alone. */
export interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

/** One file of the source. */
export interface Source {
  /** Relative to src/, such as `pairing/ledger.ts`. */
  readonly name: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s*)?"([^"]+)"/g;
const DYNAMIC = /(typeof\s+)?\bimport\(\s*"([^"]+)"\s*\)(\.[A-Z])?/g;

/** All imports that `text` has. `import("…").Name` and `typeof import("…")` name types. */
export function importsOf(text: string): Import[] {
  const statics = [...text.matchAll(IMPORT)].map((match) => ({
    target: match[2] ?? "",
    typeOnly: match[1] !== undefined,
    dynamic: false,
  }));
  const dynamics = [...text.matchAll(DYNAMIC)].map((match) => {
    const typeOnly = match[1] !== undefined || match[3] !== undefined;
    return { target: match[2] ?? "", typeOnly, dynamic: !typeOnly };
  });
  return [...statics, ...dynamics];
}

function load(): Source[] {
  const names = readdirSync(src, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".ts"))
    .map((name) => {
      const text = readFileSync(join(src, name), "utf8");
      return { name, text, lines: text.split("\n").length - 1, imports: importsOf(text) };
    });
}

export const sources: readonly Source[] = load();

/** The file that an import names, relative to src/; `undefined` for packages. */
export function resolved(
  source: Pick<Source, "name">,
  { target }: Pick<Import, "target">,
): string | undefined {
  if (!target.startsWith(".")) return undefined;
  return relative(src, resolve(src, source.name, "..", target));
}
