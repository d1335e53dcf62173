import type { Node } from "jsonc-parser";
import type { ConfigDocument } from "./document.ts";

/** How the writer of a file indents and ends lines. */
export interface Layout {
  readonly eol: string;
  /** One level of indentation. */
  readonly unit: string;
}

/** The file's own layout; two spaces and `\n` where it shows none. */
export function layoutOf({ text, root }: ConfigDocument): Layout {
  const eol = /\r\n|\r|\n/.exec(text)?.[0] ?? "\n";
  return { eol, unit: (root && unitOf(text, root)) || "  " };
}

/** The difference in indentation between a section's first property and the section itself. */
function unitOf(text: string, node: Node): string | undefined {
  for (const property of node.type === "object" ? (node.children ?? []) : []) {
    const between = text.slice(node.offset, property.offset);
    const outer = lineIndent(text, node.offset);
    const inner = lineIndent(text, property.offset);
    if (/[\r\n][ \t]*$/.test(between) && inner.startsWith(outer) && inner !== outer)
      return inner.slice(outer.length);
    const value = property.children?.[1];
    const deeper = value && unitOf(text, value);
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

/** The white space at the start of the line that holds `offset`. */
export function lineIndent(text: string, offset: number): string {
  let start = offset;
  while (start > 0 && !/[\r\n]/.test(text.charAt(start - 1))) start -= 1;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? "";
}

/** A value as JSON, its further lines indented below `indent`. */
export function render(value: unknown, layout: Layout, indent: string): string {
  const json = JSON.stringify(value, null, layout.unit);
  return json.replaceAll("\n", `${layout.eol}${indent}`);
}

/** The comments between two offsets, as written. */
export function commentsWithin(document: ConfigDocument, from: number, to: number): string[] {
  return document.comments
    .filter(({ offset }) => offset >= from && offset < to)
    .map(({ offset, length }) => document.text.slice(offset, offset + length));
}
