import { parseAst } from "vitest/node";

/** One docstring of a file: the line it begins on, and its text on one line, without stars. */
export interface Docstring {
  readonly line: number;
  readonly text: string;
}

const DOCSTRING = /(?<=^|[\s({,])\/\*\*(?=\s)[\s\S]*?\*\//g;

/** Words that make a reader guess who or what is meant. */
const RIDDLE =
  /\b(?:who|what|whom)ever\b|\b(?:no|some|any|every)body\b|\b(?:some|any|every)one\b|\bwhom\b/i;

/** What leans on another docstring, which an editor does not show beside this one. */
const LEANING = [
  /(?:^|[.;:(]\s+|\band )the same(?:$|[.,:;]| (?:for|over|on|in|with|when|where|as|of|at|to|by|from|without)\b)/i,
  /\b(?:as|see|like|the one) (?:above|below)\b/i,
  /\b(?:likewise|ditto)\b/i,
];

/** Errors told in a sentence, where an editor does not show them as errors. */
const PROSE_THROWS = /(?:^|[.,;:)}] )(?:and |or )?throws\b/i;

/** All docstrings of `text`, in their order. */
export function docstringsOf(text: string): Docstring[] {
  return [...text.matchAll(DOCSTRING)].map((match) => ({
    line: text.slice(0, match.index).split("\n").length,
    text: plain(match[0]),
  }));
}

/** Why a docstring does not stand alone, or `undefined`. */
export function docstringProblem(docstring: string): string | undefined {
  const riddle = RIDDLE.exec(docstring)?.[0];
  if (riddle !== undefined) return `"${riddle}" leaves open who or what is meant`;
  if (PROSE_THROWS.test(docstring)) return "what it throws belongs behind @throws";
  const leaning = LEANING.map((rule) => rule.exec(docstring)?.[0]).find((found) => found);
  return leaning === undefined ? undefined : `"${leaning.trim()}" needs another docstring`;
}

/**
 * The names of exported functions, and of public methods of exported classes, that throw in their
 * own body while their docstring has no `@throws`. A `throw` inside a nested function, or in a `try`
 * whose `catch` gets it, does not count.
 */
export function silentThrowers(text: string): string[] {
  const tree = parseAst(text, { lang: "ts" }) as unknown as Node & { readonly body: Node[] };
  return tree.body
    .filter(({ type }) => type === "ExportNamedDeclaration" || type === "ExportDefaultDeclaration")
    .flatMap((statement) => exported(statement))
    .filter(({ body }) => body !== undefined && throws(body))
    .filter(({ start }) => !/@throws\b/.test(docstringBefore(text, start)))
    .map(({ name }) => name);
}

/** A node of the syntax tree (ESTree, with TypeScript's own kinds of node). */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

interface Callable {
  readonly name: string;
  readonly start: number;
  readonly body: Node | undefined;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

const isFunction = ({ type }: Node): boolean =>
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type);

function exported(statement: Node): Callable[] {
  const { start, declaration } = statement;
  if (!isNode(declaration)) return [];
  if (isFunction(declaration)) return [callable(declaration, declaration, start)];
  if (declaration.type === "ClassDeclaration") return methods(declaration);
  const declared = (declaration.declarations ?? []) as Node[];
  return declared
    .filter(({ init }) => isNode(init) && isFunction(init))
    .map((each) => callable(each, each.init as Node, start));
}

function methods(declared: Node): Callable[] {
  const { name } = declared.id as Node;
  return (declared.body as Node & { readonly body: Node[] }).body
    .filter(({ type }) => type === "MethodDefinition")
    .filter(({ key, accessibility }) => {
      return (key as Node).type !== "PrivateIdentifier" && accessibility !== "private";
    })
    .map((method) => {
      const found = callable({ ...method, id: method.key }, method.value as Node, method.start);
      return { ...found, name: `${name}.${found.name}` };
    });
}

const callable = (named: Node, { body }: Node, start: number): Callable => ({
  name: String((named.id as Node | null)?.name ?? "default"),
  start,
  body: isNode(body) ? body : undefined,
});

function throws(node: Node): boolean {
  if (node.type === "ThrowStatement") return true;
  if (isFunction(node) || /^Class/.test(node.type)) return false;
  const caught = node.type === "TryStatement" && isNode(node.handler);
  return Object.entries(node)
    .filter(([field]) => !(caught && field === "block"))
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
    .some((value) => isNode(value) && throws(value));
}

/** The docstring that ends right before `start`, or the empty text. */
function docstringBefore(text: string, start: number): string {
  const before = text.slice(0, start).trimEnd();
  return before.endsWith("*/") ? before.slice(before.lastIndexOf("/*")) : "";
}

const plain = (docstring: string): string =>
  docstring
    .slice(3, -2)
    .replace(/\s*\n\s*\*?\s*/g, " ")
    .trim();
