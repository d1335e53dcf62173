import { type Node, type ParseError, parseTree, printParseErrorCode, visit } from "jsonc-parser";

/** A stretch of text, in UTF-16 units. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** The text of a config file with its tree and the marks that edits must respect. */
export interface ConfigDocument {
  readonly text: string;
  /** Undefined when the text holds no value at all, or nothing readable. */
  readonly root: Node | undefined;
  readonly comments: readonly Span[];
  /** Offsets of all commas, ascending. */
  readonly commas: readonly number[];
  readonly errors: readonly SyntaxProblem[];
}

export interface SyntaxProblem {
  readonly offset: number;
  readonly message: string;
}

const options = { allowTrailingComma: true, allowEmptyContent: true };
const maxDepth = 64;

const problems: Readonly<Record<string, string>> = {
  InvalidSymbol: "keys and text need double quotes; numbers, true, false and null stand without",
  InvalidNumberFormat: "this is not a number",
  PropertyNameExpected: "a key in double quotes is expected",
  ValueExpected: "a value is expected",
  ColonExpected: "a colon is expected after the key",
  CommaExpected: "a comma is expected",
  CloseBraceExpected: "a closing } is missing",
  CloseBracketExpected: "a closing ] is missing",
  EndOfFileExpected: "nothing may follow the outermost { … }",
  UnexpectedEndOfComment: "a comment is not closed",
  UnexpectedEndOfString: "a text is not closed with a double quote",
  UnexpectedEndOfNumber: "this number is not complete",
  InvalidUnicode: "this \\u escape is not valid",
  InvalidEscapeCharacter: "this backslash escape is not valid",
  InvalidCharacter: "a control character must be written as an escape",
};

/**
 * Parses JSON with comments, trailing commas and an optional byte order mark. What can't be read
 * stands in `errors`.
 * @throws Error for a defect of the parser alone
 */
export function parseDocument(text: string): ConfigDocument {
  // A space keeps all offsets where they are; the parser does not know byte order marks.
  const source = text.replace(/^\uFEFF/, " ");
  try {
    const marks = collectMarks(source);
    if (marks.depth > maxDepth) return unreadable(text, "sections are nested too deeply");
    const errors: ParseError[] = [];
    const root = parseTree(source, errors, options);
    return {
      text,
      root,
      comments: marks.comments,
      commas: marks.commas,
      errors: errors.map(explain),
    };
  } catch (error) {
    if (error instanceof RangeError) return unreadable(text, "sections are nested too deeply");
    throw error;
  }
}

/** 1-based line and column of an offset. */
export function positionAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

/** The properties of an object node; of a key written twice the last one counts, as in JSON. */
export function propertiesOf(node: Node): { name: string; property: Node; value: Node }[] {
  const found = [];
  for (const property of node.type === "object" ? (node.children ?? []) : []) {
    const [name, value] = property.children ?? [];
    if (name && value) found.push({ name: String(name.value), property, value });
  }
  return found;
}

/** The plain value of a node; sections come as an empty object, for nothing reads into them. */
export function plainValue(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(plainValue);
  return node.type === "object" ? {} : node.value;
}

/** The property node at a path, or undefined. */
export function findProperty(document: ConfigDocument, path: readonly string[]): Node | undefined {
  let at = document.root;
  let property: Node | undefined;
  for (const segment of path) {
    if (!at) return undefined;
    property = propertiesOf(at).findLast((candidate) => candidate.name === segment)?.property;
    at = property?.children?.[1];
  }
  return property;
}

/** The value at a path, or undefined. */
export function findValue(document: ConfigDocument, path: readonly string[]): Node | undefined {
  return findProperty(document, path)?.children?.[1];
}

function collectMarks(source: string) {
  const comments: Span[] = [];
  const commas: number[] = [];
  let open = 0;
  let depth = 0;
  const enter = () => {
    open += 1;
    depth = Math.max(depth, open);
  };
  const leave = () => {
    open -= 1;
  };
  visit(
    source,
    {
      onComment: (offset, length) => comments.push({ offset, length }),
      onSeparator: (character, offset) => {
        if (character === ",") commas.push(offset);
      },
      onObjectBegin: enter,
      onArrayBegin: enter,
      onObjectEnd: leave,
      onArrayEnd: leave,
    },
    options,
  );
  return { comments, commas, depth };
}

function explain(error: ParseError): SyntaxProblem {
  const message = problems[printParseErrorCode(error.error)] ?? "this is not JSON";
  return { offset: error.offset, message };
}

function unreadable(text: string, message: string): ConfigDocument {
  return { text, root: undefined, comments: [], commas: [], errors: [{ offset: 0, message }] };
}
