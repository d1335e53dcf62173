/** Stands in an example for what was left out. */
export const LEFT_OUT = "…";

/** A marked block of a page: `<!-- example: name -->`, and the fenced block right behind it. */
const BLOCK = /^(<!-- example: ([\w-]+) -->\n```\w*\n)((?:(?!```).*\n)*)```$/gm;

/** The text of each marked block of a page, by its name. @throws Error where two have one name */
export function blocksOf(page: string): Map<string, string> {
  const blocks = new Map<string, string>();
  for (const [, , name = "", text = ""] of page.matchAll(BLOCK)) {
    if (blocks.has(name)) throw new Error(`two examples are called ${name}`);
    blocks.set(name, text.trimEnd());
  }
  return blocks;
}

/** The page with other texts in its marked blocks; a block without a text of its name stays. */
export function withBlocks(page: string, texts: ReadonlyMap<string, string>): string {
  return page.replace(BLOCK, (_all, head: string, name: string, text: string) => {
    return `${head}${texts.get(name) ?? text.trimEnd()}\n\`\`\``;
  });
}

const WIDTH = 100;

/** JSON as people read it: what fits on a line stands on one. */
export function laidOut(value: unknown, indent = "", before = 0): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const line = onOneLine(value);
  if (indent.length + before + line.length <= WIDTH) return line;
  const isList = Array.isArray(value);
  const deeper = `${indent}  `;
  const lines = Object.entries(value).map(([key, part]) => {
    const name = isList ? "" : `${JSON.stringify(key)}: `;
    return `${deeper}${name}${laidOut(part, deeper, name.length + 1)}`;
  });
  const [open, close] = isList ? "[]" : "{}";
  return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}

function onOneLine(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(", ")}]`;
  const parts = Object.entries(value).map(
    ([key, part]) => `${JSON.stringify(key)}: ${onOneLine(part)}`,
  );
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}

/**
 * A copy of `value` in which each of `paths` (`payload.features.methods`) is cut to its first entry and
 * a mark.
 */
export function shortened(value: unknown, paths: readonly string[], at = ""): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (paths.includes(at)) return cut(value);
  if (Array.isArray(value)) return value.map((part) => shortened(part, paths, at));
  const parts = Object.entries(value).map(([key, part]) => {
    return [key, shortened(part, paths, at === "" ? key : `${at}.${key}`)];
  });
  return Object.fromEntries(parts);
}

function cut(value: object): unknown {
  if (Array.isArray(value)) return [...value.slice(0, 1), LEFT_OUT];
  const [first = []] = Object.entries(value);
  return Object.fromEntries([first, [LEFT_OUT, LEFT_OUT]].filter(({ length }) => length > 0));
}
