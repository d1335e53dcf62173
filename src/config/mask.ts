import { applyEdits, type Edit, type Node } from "jsonc-parser";
import {
  type ConfigDocument,
  parseDocument,
  plainValue,
  propertiesOf,
  type Span,
} from "./document.ts";
import { HIDDEN, originOnly } from "./hide.ts";
import { isSection, resolveKey, specOf } from "./schema.ts";
import { Refused } from "./values.ts";

/**
 * What a value may show. `public`: everything; `origin`: of a URL scheme, host and port; `secret`:
 * nothing; `unknown`: nothing either, for a config written for OpenClaw keeps API keys and bot tokens
 * under keys we don't know.
 */
export type Showing = "public" | "origin" | "section" | "secret" | "unknown";

/**
 * How the value `node` at `segments` may be shown, given what its section allows. A value that
 * its key refuses is in the wrong place: it might be anything.
 */
export function showingOf(segments: readonly string[], node: Node, parent: Showing): Showing {
  if (parent !== "section") return parent === "secret" ? "secret" : "unknown";
  if (segments.some((segment) => segment.includes("."))) return "unknown";
  const path = segments.join(".");
  const key = resolveKey(path);
  if (key === undefined) return isSection(path) ? "section" : "unknown";
  const { type, secret, originOnly: origin } = specOf(key);
  if (secret) return "secret";
  if (type.read(plainValue(node)) instanceof Refused) return "unknown";
  return origin ? "origin" : "public";
}

/** Comments that look like a setting of a secret, such as one that was commented out. */
const secretTalk =
  /(?:token|password|passwd|secret|api_?key|credential|bearer|webhook).*[:=]|\burl"?\s*[:=]/i;

/** A secret shorter than this is not searched for elsewhere: it would blot out common words. */
const minSearched = 4;

/**
 * The text fit for people: the same lines, with secrets, unknown values and telling comments
 * replaced by `(hidden)`. `alsoHide` holds further secrets that may stand anywhere in it.
 */
export function maskText(text: string, alsoHide: readonly string[] = []): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) return text.replace(/[^\r\n]+/g, HIDDEN);
  const edits = [...hiddenSpans(document), ...tellingComments(document)];
  let masked = applyEdits(
    text,
    edits.sort((a, b) => a.offset - b.offset),
  );
  for (const secret of [...secretsIn(text), ...alsoHide]) {
    if (secret.length >= minSearched) masked = masked.replaceAll(secret, HIDDEN);
  }
  return masked;
}

/** Every clear secret of a text, as a value and as it is spelled in the file. */
export function secretsIn(text: string): string[] {
  const found: string[] = [];
  const document = parseDocument(text);
  eachScalar(document.root, (node, showing) => {
    if (node.type !== "string" || !isHidden(String(node.value), showing)) return;
    found.push(String(node.value), text.slice(node.offset + 1, node.offset + node.length - 1));
  });
  return [...new Set(found)].sort((a, b) => b.length - a.length);
}

function isHidden(value: string, showing: Showing): boolean {
  return showing === "secret" || (showing === "origin" && originOnly(value, HIDDEN) !== value);
}

function hiddenSpans(document: ConfigDocument): Edit[] {
  const edits: Edit[] = [];
  eachScalar(document.root, (node, showing) => {
    if (showing === "public" || (node.type !== "string" && node.type !== "number")) return;
    const shown = showing === "origin" ? originOnly(String(node.value), HIDDEN) : HIDDEN;
    if (shown === node.value) return;
    edits.push({ offset: node.offset, length: node.length, content: JSON.stringify(shown) });
  });
  return edits;
}

function tellingComments({ text, comments }: ConfigDocument): Edit[] {
  const telling = comments.filter((span) => secretTalk.test(textOf(text, span)));
  return telling.map((span) => {
    const line = textOf(text, span).startsWith("//");
    const lines = textOf(text, span).replace(/[^\r\n]+/g, HIDDEN);
    return { ...span, content: line ? `// ${lines}` : `/* ${lines} */` };
  });
}

function textOf(text: string, { offset, length }: Span): string {
  return text.slice(offset, offset + length);
}

/** Calls `visit` for each value that is neither object nor list. */
function eachScalar(root: Node | undefined, visit: (node: Node, showing: Showing) => void): void {
  const walk = (node: Node, segments: readonly string[], showing: Showing): void => {
    for (const { name, value } of propertiesOf(node)) {
      const path = [...segments, name];
      walk(value, path, showingOf(path, value, showing));
    }
    if (node.type === "array")
      for (const item of node.children ?? []) walk(item, segments, showing);
    if (node.children === undefined) visit(node, showing === "section" ? "unknown" : showing);
  };
  if (root) walk(root, [], "section");
}
