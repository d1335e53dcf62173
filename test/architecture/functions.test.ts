import { describe, expect, test } from "vitest";
import { type FunctionSize, functionsOf } from "./functions.ts";
import { sources } from "./sources.ts";

const MOST_LINES = 60;
const MOST_PARAMS = 3;

interface SourceFunction extends FunctionSize {
  /** Relative to src/. */
  readonly file: string;
}

const all: readonly SourceFunction[] = sources.flatMap(({ name: file, text }) =>
  functionsOf(text, file).map((size) => ({ file, ...size })),
);

/** Each function of src/ for which `is` holds, as a line to read. */
function those(is: (size: SourceFunction) => boolean): string[] {
  return all.filter(is).map(({ file, line, name, lines, params }) => {
    return `${file}:${line} ${name}: ${lines} lines, ${params} parameters`;
  });
}

describe("functions are small", () => {
  test(`none has more than ${MOST_LINES} lines`, () => {
    expect(those(({ lines }) => lines > MOST_LINES)).toEqual([]);
  });

  test(`none has more than ${MOST_PARAMS} positional parameters`, () => {
    expect(those(({ params }) => params > MOST_PARAMS)).toEqual([]);
  });

  test("the source is read: it has some that nearly fill their lines and their parameters", () => {
    expect(all.length).toBeGreaterThan(2000);
    expect(Math.max(...all.map(({ lines }) => lines))).toBeGreaterThan(40);
    expect(Math.max(...all.map(({ params }) => params))).toBe(MOST_PARAMS);
  });
});

describe("what counts as a function, and its lines", () => {
  const body = (lines: number) => "  f();\n".repeat(lines - 2);
  const sizes = (text: string) => functionsOf(text).map(({ name, lines }) => [name, lines]);

  test.each([
    ["a function", `export async function long() {\n${body(61)}}`, "long"],
    ["a nameless default", `export default function () {\n${body(61)}}`, "(no name)"],
    ["an arrow function", `const long = () => {\n${body(61)}};`, "long"],
    ["an arrow function without braces", `const long = () => [\n${"  1,\n".repeat(59)}];`, "long"],
    ["a generator", `function* long() {\n${body(61)}}`, "long"],
    ["a method", `class A {\nlong() {\n${body(61)}}\n}`, "A.long"],
    ["a private method", `class A {\n#long() {\n${body(61)}}\n}`, "A.#long"],
    ["a constructor", `class A {\nconstructor() {\n${body(61)}}\n}`, "A.constructor"],
    ["a getter", `class A {\nget long() {\n${body(61)}return 1 }\n}`, "A.long"],
    ["a field of a class", `class A {\nlong = () => {\n${body(61)}};\n}`, "A.long"],
    ["a method of an object", `const a = {\nlong() {\n${body(61)}},\n};`, "long"],
    ["a property of an object", `const a = {\nlong: function () {\n${body(61)}},\n};`, "long"],
    ["an argument", `run(() => {\n${body(61)}});`, "(no name)"],
    ["an assignment", `let long;\nlong = () => {\n${body(61)}};`, "long"],
  ])("%s", (_what, text, name) => {
    expect(sizes(text)).toEqual([[name, 61]]);
  });

  test("the lines are those of the file: blank ones, comments and the head count", () => {
    const text =
      "// before\nfunction f(\n  a: string,\n): void {\n\n  // why\n  g(a);\n}\n// after\n";
    expect(functionsOf(text)).toEqual([{ name: "f", line: 2, lines: 7, params: 1 }]);
  });

  test("a brace in a text, a pattern or a comment ends nothing", () => {
    const text = 'function f() {\n  g("}", /}/, `}$' + '{h("{")}`);\n  // }\n  /* } */\n}\nf();\n';
    expect(sizes(text)).toEqual([["f", 5]]);
  });

  test("one inside another is counted by itself, and for the outer one too", () => {
    const text = "function outer() {\n  const inner = () => {\n    g();\n  };\n  inner();\n}\n";
    expect(sizes(text)).toEqual([
      ["outer", 6],
      ["inner", 3],
    ]);
  });

  test("types, overloads and abstract methods are none", () => {
    const text = [
      "type F = (a: 1, b: 2, c: 3, d: 4) => void;",
      "interface I { f(a: 1, b: 2, c: 3, d: 4): void }",
      "declare function g(a: 1, b: 2, c: 3, d: 4): void;",
      "abstract class A { abstract f(a: 1, b: 2, c: 3, d: 4): void }",
      "function h(a: 1): void;",
      "function h(a?: 1): void {}",
    ].join("\n");
    expect(functionsOf(text).map(({ name, line }) => [name, line])).toEqual([["h", 6]]);
  });

  test.each([
    ["plain", "function f(a: 1, b: 2, c: 3, d: 4) {}", 4],
    ["optional, with a default and the rest", "const f = (a?: 1, b = 2, ...c: 3[]) => {};", 3],
    ["taken apart", "function f({ a, b, c, d }: T, [e, f]: U) {}", 2],
    [
      "of a constructor that keeps them",
      "class A { constructor(private a: 1, readonly b: 2) {} }",
      2,
    ],
    ["this, which is for types", "function f(this: A, a: 1) {}", 1],
  ])("parameters: %s", (_what, text, count) => {
    expect(functionsOf(text).map(({ params }) => params)).toEqual([count]);
  });

  test("what is no TypeScript is refused, with the file's name", () => {
    expect(() => functionsOf("function (", "broken.ts")).toThrow();
  });
});
