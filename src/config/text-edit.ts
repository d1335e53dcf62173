import { applyEdits, type Edit, type Node } from "jsonc-parser";
import {
  type ConfigDocument,
  findProperty,
  findValue,
  parseDocument,
  propertiesOf,
} from "./document.ts";
import { commentsWithin, type Layout, layoutOf, lineIndent, render } from "./text-layout.ts";

// These edits are ours because the parser package's own `modify` drops the comments around what it
// removes, and moves a comment at a line's end to the line it inserts.

/** A section on the way to the key is not an object. */
export class NotASection extends Error {
  readonly path: readonly string[];
  constructor(path: readonly string[]) {
    super(`${path.join(".") || "the file"} is not a section`);
    this.path = path;
  }
}

/**
 * The text with `path` set to `value`. Everything else keeps its bytes; new lines follow the
 * file's own indentation and line ends. The text must be free of syntax errors.
 * @throws NotASection
 */
export function setInText(text: string, path: readonly string[], value: unknown): string {
  const document = parseDocument(withRoot(text));
  const layout = layoutOf(document);
  const existing = findValue(document, path);
  if (existing) return replace(document, existing, value);
  let section = document.root;
  let depth = 0;
  for (; depth < path.length - 1; depth += 1) {
    const below = findValue(document, path.slice(0, depth + 1));
    if (below === undefined) break;
    section = below;
  }
  if (section?.type !== "object") throw new NotASection(path.slice(0, depth));
  const name = path[depth] ?? "";
  const nested = path.slice(depth + 1).reduceRight((inner, key) => ({ [key]: inner }), value);
  const edits = insertion({ document, layout, section }, name, nested);
  return applyEdits(document.text, edits);
}

/**
 * The text without `path`, and without the sections that became empty by it. Comments stay. A
 * key that is not there leaves the text as it is.
 */
export function removeFromText(text: string, path: readonly string[]): string {
  let result = text;
  for (;;) {
    const document = parseDocument(result);
    const property = findProperty(document, path);
    if (!property) return result === text ? text : removeEmptySections(result, path.slice(0, -1));
    result = remove(document, property);
  }
}

function removeEmptySections(text: string, path: readonly string[]): string {
  if (path.length === 0) return text;
  const document = parseDocument(text);
  const property = findProperty(document, path);
  const section = property?.children?.[1];
  if (!property || section?.type !== "object" || propertiesOf(section).length > 0) return text;
  if (commentsWithin(document, section.offset, endOf(section)).length > 0) return text;
  // Without this one, an earlier section of the same name would come into force.
  const siblings = property.parent ? propertiesOf(property.parent) : [];
  if (siblings.filter(({ name }) => name === path.at(-1)).length > 1) return text;
  return removeEmptySections(remove(document, property), path.slice(0, -1));
}

function withRoot(text: string): string {
  if (parseDocument(text).root !== undefined) return text;
  const { eol } = layoutOf(parseDocument(text));
  return `${text}${text === "" || /[\r\n]$/.test(text) ? "" : eol}{}${eol}`;
}

/** Comments inside the old value are kept in front of the new one. */
function replace(document: ConfigDocument, node: Node, value: unknown): string {
  const layout = layoutOf(document);
  const indent = lineIndent(document.text, node.offset);
  const kept = commentsWithin(document, node.offset, endOf(node))
    .map((comment) =>
      comment.startsWith("//") ? `${comment}${layout.eol}${indent}` : `${comment} `,
    )
    .join("");
  const content = kept + render(value, layout, indent);
  return applyEdits(document.text, [{ offset: node.offset, length: node.length, content }]);
}

interface EditedSection {
  readonly document: ConfigDocument;
  readonly layout: Layout;
  readonly section: Node;
}

function insertion(
  { document, layout, section }: EditedSection,
  name: string,
  value: unknown,
): Edit[] {
  const { text } = document;
  const close = endOf(section) - 1;
  const last = section.children?.at(-1);
  const body = text.slice(section.offset, close);
  if (last && !/[\r\n]/.test(body)) {
    const property = `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
    const comma = firstComma(document, endOf(last), close);
    if (comma === undefined) return [insert(endOf(last), `, ${property}`)];
    return [insert(comma + 1, ` ${property},`)];
  }
  const outer = lineIndent(text, section.offset);
  const indent =
    last && startsLine(text, last.offset) ? lineIndent(text, last.offset) : outer + layout.unit;
  const property = `${JSON.stringify(name)}: ${render(value, layout, indent)}`;
  if (!last) return intoEmpty({ document, layout, section }, { property, indent, outer });
  const comma = firstComma(document, endOf(last), close);
  const after = lineEndAfter(document, comma === undefined ? endOf(last) : comma + 1, close);
  const line = `${layout.eol}${indent}${property}`;
  if (comma !== undefined) return [insert(after, `${line},`)];
  return [insert(endOf(last), ","), insert(after, line)];
}

function intoEmpty(
  { document, layout, section }: EditedSection,
  { property, indent, outer }: { property: string; indent: string; outer: string },
): Edit[] {
  const { text } = document;
  const close = endOf(section) - 1;
  const kept = text.slice(section.offset + 1, close).trimEnd();
  const offset = section.offset + 1 + kept.length;
  const content = `${layout.eol}${indent}${property}${layout.eol}${outer}`;
  return [{ offset, length: close - offset, content }];
}

/** Where a new line can start after `offset`: behind the comments that end this line. */
function lineEndAfter(document: ConfigDocument, offset: number, close: number): number {
  let at = offset;
  for (const comment of document.comments) {
    const between = document.text.slice(at, comment.offset);
    if (comment.offset < at || comment.offset >= close || /[\r\n]/.test(between)) continue;
    at = comment.offset + comment.length;
  }
  return at;
}

/** Takes the property out with its comma; its inner comments stay where it stood. */
function remove(document: ConfigDocument, property: Node): string {
  const { text } = document;
  const section = property.parent;
  const siblings = section?.children ?? [];
  const index = siblings.indexOf(property);
  const end = section ? endOf(section) - 1 : text.length;
  const next = siblings[index + 1]?.offset ?? end;
  const previous = siblings[index - 1];
  const comma =
    firstComma(document, endOf(property), next) ??
    (previous && firstComma(document, endOf(previous), property.offset));
  const eol = layoutOf(document).eol + lineIndent(text, property.offset);
  const comments = commentsWithin(document, property.offset, endOf(property));
  const kept = comments.join(eol);
  const edits: Edit[] = [{ offset: property.offset, length: property.length, content: kept }];
  if (comma !== undefined) edits.push({ offset: comma, length: 1, content: "" });
  edits.sort((a, b) => a.offset - b.offset);
  const shift = comma !== undefined && comma < property.offset ? 1 : 0;
  const removed = applyEdits(text, edits);
  const at = property.offset - shift;
  if (kept === "") return closeGap(removed, at);
  return comments.at(-1)?.startsWith("//") ? breakAfter(removed, at + kept.length, eol) : removed;
}

/** Removes the white space, or the whole line, that a removed property left at `at`. */
function closeGap(text: string, at: number): string {
  let [from, to] = [at, at];
  while (isBlank(text.charAt(from - 1))) from -= 1;
  while (isBlank(text.charAt(to))) to += 1;
  const startsHere = from === 0 || /[\r\n]/.test(text.charAt(from - 1));
  const lineEnd = /^(?:\r\n|\r|\n)/.exec(text.slice(to, to + 2))?.[0];
  if (startsHere && lineEnd !== undefined)
    return text.slice(0, from) + text.slice(to + lineEnd.length);
  if (startsHere) return text.slice(0, at) + text.slice(to);
  if (lineEnd !== undefined) return text.slice(0, from) + text.slice(to);
  return text.slice(0, from) + " ".repeat(Math.min(at - from, to - at)) + text.slice(to);
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t";
}

/** A kept line comment must end its line, and not take in what follows it. */
function breakAfter(text: string, at: number, eol: string): string {
  const rest = text.slice(at).replace(/^[ \t]+/, "");
  return text.slice(0, at) + (/^(?:[\r\n]|$)/.test(rest) ? "" : eol) + rest;
}

function firstComma(document: ConfigDocument, from: number, to: number): number | undefined {
  return document.commas.find((comma) => comma >= from && comma < to);
}

function startsLine(text: string, offset: number): boolean {
  let at = offset;
  while (isBlank(text.charAt(at - 1))) at -= 1;
  return at === 0 || /[\r\n]/.test(text.charAt(at - 1));
}

function insert(offset: number, content: string): Edit {
  return { offset, length: 0, content };
}

function endOf(node: Node): number {
  return node.offset + node.length;
}
