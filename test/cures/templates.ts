import { parseAst } from "vitest/node";
import { sources } from "../architecture/sources.ts";

/** A command template of src/. */
export interface Template {
  /** The file below src/, the template, and which of several alike in that file it is. */
  readonly name: string;
  /** `file:line:column` of its first backtick, as the recorder names it. */
  readonly origin: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** Every ``openclaw`…` `` and ``shell`…` `` of src/, in order. */
export function allTemplates(): Template[] {
  return sources.flatMap(({ name, text }) => {
    const alike = new Map<string, number>();
    return taggedIn(text, name).map((node) => {
      const before = text.slice(0, (node["quasi"] as Node).start).split("\n");
      const at = `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
      const template = text.slice(node.start, node.end).replace(/\s+/g, " ");
      const nth = (alike.get(template) ?? 0) + 1;
      alike.set(template, nth);
      const which = nth === 1 ? "" : ` (${nth})`;
      return { name: `${name}: ${template}${which}`, origin: `${name}:${at}` };
    });
  });
}

function taggedIn(source: string, file: string): Node[] {
  const found: Node[] = [];
  function visit(node: Node): void {
    if (node.type === "TaggedTemplateExpression") {
      const { name } = node["tag"] as { name?: string };
      if (name === "openclaw" || name === "shell") found.push(node);
    }
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child);
    }
  }
  visit(parseAst(source, { lang: "ts" }, file) as unknown as Node);
  return found.sort((a, b) => a.start - b.start);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}
