import { describe, expect, test } from "vitest";
import { docstringProblem, docstringsOf, silentThrowers } from "./docstrings.ts";
import { sources } from "./sources.ts";

describe("docstrings", () => {
  test("each stands alone: no riddles, and no leaning on another one", () => {
    const problems = sources.flatMap(({ name, text }) =>
      docstringsOf(text).flatMap((docstring) => {
        const why = docstringProblem(docstring.text);
        return why ? [`src/${name}:${docstring.line}: ${why}: ${docstring.text}`] : [];
      }),
    );
    expect(problems).toEqual([]);
  });

  test("what throws says so", () => {
    const silent = sources.flatMap(({ name, text }) =>
      silentThrowers(text).map((thrower) => `src/${name}: ${thrower}`),
    );
    expect(silent).toEqual([]);
  });

  test.each([
    ["The same for other users of the machine.", '"The same for" needs'],
    ["`openclaw gateway status`: the same, with an exit code.", '": the same," needs'],
    ["Reads a list; the same over IPv6.", "needs another docstring"],
    ["The same.", "needs another docstring"],
    ["Milliseconds, as above.", "needs another docstring"],
    ["Likewise for nodes.", "needs another docstring"],
    ["Whoever may read the log.", '"Whoever" leaves open'],
    ["Ends whatever runs.", '"whatever" leaves open'],
    ["Nobody waits for it.", '"Nobody" leaves open'],
    ["The devices of somebody's.", '"somebody" leaves open'],
    ["Everyone who is connected.", '"Everyone" leaves open'],
    ["Whom it is for.", '"Whom" leaves open'],
    ["Reads a file. Throws its error.", "behind @throws"],
  ])("refuses: %s", (docstring, problem) => {
    expect(docstringProblem(docstring)).toContain(problem);
  });

  test.each([
    "Bytes read from the socket, at most {@link limits.frameBytes}.",
    "Tokens of the same device in its other roles.",
    "Two texts that mean the same.",
    "The same key is never stored twice.",
    "The path of the file below the folder.",
    "Reads a file. @throws Error of the system",
  ])("accepts: %s", (docstring) => {
    expect(docstringProblem(docstring)).toBeUndefined();
  });

  test("finds docstrings of one line and of several, and no other comments", () => {
    const text = [
      "/** One. */",
      "export const a = 1; // /* no */",
      "/* A plain comment. */",
      "interface B {",
      "  /**",
      "   * Two",
      "   * lines.",
      "   */",
      "  c: string;",
      '  d: "src/**/e.ts */";',
      "}",
    ].join("\n");
    expect(docstringsOf(text)).toEqual([
      { line: 1, text: "One." },
      { line: 5, text: "Two lines." },
    ]);
  });

  test("finds what throws without saying so", () => {
    const text = [
      "/** A. */",
      "export function silent(): void {",
      "  if (true) throw new Error();",
      "}",
      "export const bare = (): void => {",
      "  throw new Error();",
      "};",
      "/** B. @throws Error always */",
      "export async function said(): Promise<void> {",
      "  throw new Error();",
      "}",
      "/** C. */",
      "export function nested(): () => void {",
      "  return () => { throw new Error(); };",
      "}",
      "export function caught(): void {",
      "  try { throw new Error(); } catch { return; }",
      "}",
      "export function rethrown(): void {",
      "  try { nested(); } catch (error) { throw error; }",
      "}",
      "function inner(): void { throw new Error(); }",
      "export class Box {",
      "  open(): void { throw new Error(); }",
      "  /** @throws Error always */",
      "  close(): void { throw new Error(); }",
      "  private shake(): void { throw new Error(); }",
      "  #drop(): void { throw new Error(); }",
      "}",
    ].join("\n");
    expect(silentThrowers(text)).toEqual(["silent", "bare", "rethrown", "Box.open"]);
  });
});
