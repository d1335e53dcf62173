import { parseAst } from "vitest/node";

/** A place in the source where words for people decide something. */
export interface Reading {
  readonly line: number;
  readonly code: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** What holds sentences, by the names that the source gives them. */
const SENTENCES = ["message", "reason", "cure", "hint", "warning", "detail", "stderr"];

/** What looks into a text. */
const LOOKS = [
  "test",
  "exec",
  "match",
  "matchAll",
  "search",
  "includes",
  "indexOf",
  "startsWith",
  "endsWith",
];

/** Two words with a blank between: a pattern for sentences. */
const WORDS = /[a-zA-Z]{2,}(?: |\\s[+*]?)[a-zA-Z]{2,}/;

/**
 * Patterns for sentences, and decisions by what an error's or a close's words are. Texts that a program
 * shows or passes on are none. @throws Error for what is no TypeScript
 */
export function proseReadings(source: string, file = "text.ts"): Reading[] {
  const found: Reading[] = [];
  const lineAt = (offset: number) => source.slice(0, offset).split("\n").length;

  function visit(node: Node): void {
    if (isPattern(node) || looksInto(node) || compares(node) || chooses(node)) {
      found.push({ line: lineAt(node.start), code: source.slice(node.start, node.end) });
    }
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child);
    }
  }

  visit(parseAst(source, { lang: "ts" }, file) as unknown as Node);
  return found;
}

function isPattern(node: Node): boolean {
  const { pattern } = (node["regex"] ?? {}) as { pattern?: string };
  return pattern !== undefined && WORDS.test(pattern);
}

/** `error.message.includes(…)`, `/…/.test(message)`. */
function looksInto(node: Node): boolean {
  if (node.type !== "CallExpression") return false;
  const callee = node["callee"] as Node;
  if (callee.type !== "MemberExpression" || !LOOKS.includes(nameOf(callee["property"]) ?? "")) {
    return false;
  }
  return [callee["object"], ...(node["arguments"] as unknown[])].some(isSentence);
}

/** `message === "…"`. */
function compares(node: Node): boolean {
  if (node.type !== "BinaryExpression" || !/^[!=]==?$/.test(String(node["operator"]))) return false;
  const sides = [node["left"] as Node, node["right"] as Node];
  return sides.some(isSentence) && sides.some(isWords);
}

/** `switch (message)` */
function chooses(node: Node): boolean {
  return node.type === "SwitchStatement" && isSentence(node["discriminant"]);
}

/** A text, or a constant of one. */
function isWords(node: Node): boolean {
  if (node.type === "Identifier") return /^[A-Z][A-Z_]+$/.test(String(node["name"]));
  return node.type === "Literal" && typeof node["value"] === "string" && node["value"] !== "";
}

function isSentence(value: unknown): boolean {
  if (!isNode(value)) return false;
  if (value.type === "CallExpression") {
    // String(error.message), shown(message)
    return (value["arguments"] as unknown[]).some(isSentence);
  }
  const name = value.type === "MemberExpression" ? nameOf(value["property"]) : nameOf(value);
  return name !== undefined && SENTENCES.includes(name);
}

function nameOf(value: unknown): string | undefined {
  const { name } = value as { name?: unknown };
  return typeof name === "string" ? name : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}
