import { parseAst } from "vitest/node";
import { commandLine } from "../../src/cli/program.ts";

/** A piece of text in the source: what stands in quotes, or between the holes of a template. */
interface Piece {
  readonly line: number;
  readonly text: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

/** Programs whose commands people are told to type. */
const PROGRAMS =
  "sudo|ssh|scp|systemctl|journalctl|curl|apt|apt-get|pm2|nginx -|certbot|chmod|chown|mkdir|rm|mv|cp|ls|ss|tail|cat|df|docker|usermod|timedatectl|getent|openssl|ulimit";

const NOUNS = commandLine.under?.map(({ name }) => name).join("|");

/** A command in prose: our own by its first word, another program's at the start or behind a colon. */
const COMMAND = new RegExp(
  `\\bopenclaw (?:(?:${NOUNS})\\b(?!-)|--[a-z]+)|(?:^|: |\\()(?:${PROGRAMS}) (?:-|/|[a-z]+ |[a-z./-]+$)`,
);

/**
 * Commands that stand in texts instead of in the templates `openclaw` and `shell`, which make data of
 * them. @throws Error for what is no TypeScript
 */
export function commandsInProse(source: string, file = "text.ts"): Piece[] {
  const found: Piece[] = [];
  const lineAt = (offset: number) => source.slice(0, offset).split("\n").length;

  function visit(node: Node): void {
    if (node.type === "TaggedTemplateExpression" && isMaker(node["tag"])) {
      for (const hole of (node["quasi"] as Node)["expressions"] as Node[]) visit(hole);
      return;
    }
    const text = textOf(node);
    if (text !== undefined && COMMAND.test(text)) found.push({ line: lineAt(node.start), text });
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child);
    }
  }

  visit(parseAst(source, { lang: "ts" }, file) as unknown as Node);
  return found;
}

/** A template of one of our own commands: its words, with `undefined` where something is filled in. */
export interface CommandTemplate {
  readonly line: number;
  readonly words: readonly (string | undefined)[];
}

/** Every ``openclaw`…` `` of a text. @throws Error for what is no TypeScript */
export function ownCommands(source: string, file = "text.ts"): CommandTemplate[] {
  const found: CommandTemplate[] = [];
  const lineAt = (offset: number) => source.slice(0, offset).split("\n").length;

  function visit(node: Node): void {
    const tag = node.type === "TaggedTemplateExpression" ? (node["tag"] as { name?: string }) : {};
    if (tag.name === "openclaw") {
      const { quasis } = node["quasi"] as unknown as { quasis: { value: { cooked: string } }[] };
      const text = quasis.map(({ value }) => value.cooked).join("\0");
      const words = text.split(" ").filter((word) => word !== "");
      const filled = words.map((word) => (word.includes("\0") ? undefined : word));
      found.push({ line: lineAt(node.start), words: filled });
    }
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child);
    }
  }

  visit(parseAst(source, { lang: "ts" }, file) as unknown as Node);
  return found;
}

function isMaker(tag: unknown): boolean {
  const { name } = tag as { name?: unknown };
  return name === "openclaw" || name === "shell";
}

function textOf(node: Node): string | undefined {
  if (node.type === "Literal" && typeof node["value"] === "string") return node["value"];
  if (node.type !== "TemplateElement") return undefined;
  return (node["value"] as { cooked?: string }).cooked;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}
