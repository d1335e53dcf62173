import { parseAst } from "vitest/node";

/** One function, method, accessor, constructor or arrow function that has a body. */
export interface FunctionSize {
  /** Its name, after its class where it has one: `startServer`, `Gateway.drain`, `Hub.#join`. */
  readonly name: string;
  /** The line that it begins at, counted from 1: where its name stands, if it has one there. */
  readonly line: number;
  /** From its first line to its last one. */
  readonly lines: number;
  /** Positional parameters. A `this` that only gives a type is none. */
  readonly params: number;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** Overloads, abstract methods and types of functions are parsed as other nodes: they have no body. */
const FUNCTIONS = ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"];

/** Nodes that name the function which is their value, and the field that it stands in. */
const VALUE_OF: Readonly<Record<string, string>> = {
  MethodDefinition: "value",
  PropertyDefinition: "value",
  Property: "value",
  VariableDeclarator: "init",
  AssignmentExpression: "right",
};

/**
 * Every function of a TypeScript text, in the order of their first lines, as the parser of the test
 * runner reads it. `file` stands in its error. @throws Error for what is no TypeScript
 */
export function functionsOf(text: string, file = "text.ts"): FunctionSize[] {
  const found: FunctionSize[] = [];
  const lineAt = lineFinder(text);

  function visit(node: Node, owner: string, named?: Node): void {
    const isFunction = FUNCTIONS.includes(node.type);
    if (isFunction) {
      const line = lineAt((named ?? node).start);
      const own = nameOf(named) ?? nameOf(node) ?? "(no name)";
      found.push({
        name: owner === "" ? own : `${owner}.${own}`,
        line,
        lines: lineAt(node.end - 1) - line + 1,
        params: paramsOf(node),
      });
    }
    const within = isFunction ? "" : (className(node) ?? owner);
    for (const [key, value] of Object.entries(node)) {
      const names = VALUE_OF[node.type] === key;
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isNode(child)) visit(child, within, names ? node : undefined);
      }
    }
  }

  visit(parseAst(text, { lang: "ts" }, file) as unknown as Node, "");
  return found.sort((a, b) => a.line - b.line);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

function className(node: Node): string | undefined {
  const isClass = node.type === "ClassDeclaration" || node.type === "ClassExpression";
  return isClass ? (nameOf(node) ?? "(class)") : undefined;
}

function nameOf(node: Node | undefined): string | undefined {
  const named = [node?.["id"], node?.["key"], node?.["left"]].find(isNode);
  if (typeof named?.["name"] !== "string") return undefined;
  return named.type === "PrivateIdentifier" ? `#${named["name"]}` : named["name"];
}

function paramsOf(node: Node): number {
  const params = node["params"] as readonly Node[];
  return params.filter((param) => param["name"] !== "this").length;
}

/** Tells the line (from 1) that an offset is on. */
function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
