// How rows look at what a program printed.
import { lastLine, NotWorking } from "./processes.mjs";

/** @typedef {{ code: number, stdout: string, stderr: string, output: string }} Ran */

/** It ended well and printed everything named. @param {Ran} ran @param {...(string | RegExp)} wanted */
export function shows(ran, ...wanted) {
  if (ran.code !== 0) throw new NotWorking(`exit code ${ran.code}: ${said(ran.output)}`);
  contains(ran.output, ...wanted);
}

/** It refused, with these words. @param {Ran} ran @param {...(string | RegExp)} wanted */
export function refuses(ran, ...wanted) {
  if (ran.code === 0) throw new NotWorking(`it was expected to refuse: ${said(ran.output)}`);
  contains(ran.output, ...wanted);
}

/** @param {string} text @param {...(string | RegExp)} wanted */
export function contains(text, ...wanted) {
  for (const part of wanted) {
    const there = typeof part === "string" ? text.includes(part) : part.test(text);
    if (!there) throw new NotWorking(`“${part}” is not in: ${said(text)}`);
  }
}

/** It ended well; what it printed as JSON. @param {Ran} ran */
export function json(ran) {
  if (ran.code !== 0) throw new NotWorking(`exit code ${ran.code}: ${said(ran.output)}`);
  const from = ran.stdout.search(/^[[{]/m);
  try {
    return JSON.parse(ran.stdout.slice(from));
  } catch {
    throw new NotWorking(`no JSON: ${said(ran.output)}`);
  }
}

/**
 * The objects that a program printed, one a line, among lines of other kinds. A line without its end is left
 * out: the program may still write it. @param {string} text
 */
export function jsonLines(text) {
  const lines = text
    .split("\n")
    .slice(0, -1)
    .filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line));
}

/** @param {unknown} truth @param {string} otherwise @returns {asserts truth} */
export function must(truth, otherwise) {
  if (!truth) throw new NotWorking(otherwise);
}

/** What a program said, short enough for a table: the line with the reason, where there is one. */
function said(/** @type {string} */ output) {
  const reason = /^\[openclaw\] Reason: (.*)$/m.exec(output)?.[1];
  const failed = /^.*(?:failed|error|missing scope|unknown method).*$/im.exec(output)?.[0];
  return (reason ?? failed ?? lastLine(output)).trim().slice(0, 200);
}
