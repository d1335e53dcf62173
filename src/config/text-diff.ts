import { formatPatch, OMIT_HEADERS, type StructuredPatchHunk, structuredPatch } from "diff";
import { maskText, secretsIn } from "./mask.ts";

/** Unchanged lines shown on each side of a change. */
const context = 2;

/**
 * Lines that came or went. Of texts that differ more it would take too long to find the rest (that
 * many take about 15 ms, which block the gateway): one is shown in place of the other.
 */
const maxEditLength = 500;

/**
 * What changed between two config texts, for people: in the manner of `diff -u`, with secrets,
 * unknown values and invisible characters hidden. Empty when nothing changed.
 */
export function diffTexts(before: string, after: string): string {
  if (before === after) return "";
  const hunks = compare(lines(before), lines(after));
  if (hunks.length === 0) return "";
  const secrets = [...secretsIn(before), ...secretsIn(after)];
  const shown = [before, after].map((text) => lines(maskText(text, secrets)).map(visible));
  const masked = hunks.map((hunk) => ({ ...hunk, lines: maskedLines(hunk, shown) }));
  const file = { oldFileName: "", newFileName: "", oldHeader: "", newHeader: "" };
  return formatPatch({ ...file, hunks: masked }, OMIT_HEADERS);
}

function lines(text: string): string[] {
  const all = text.split(/\r\n|\r|\n/);
  if (all.at(-1) === "") all.pop();
  return all;
}

function visible(line: string): string {
  return line.replace(/[^\P{C}\t]|[\p{Zl}\p{Zp}]/gu, "");
}

function compare(old: readonly string[], next: readonly string[]): readonly StructuredPatchHunk[] {
  const [before, after] = [old, next].map((all) => all.map((line) => `${line}\n`).join(""));
  const options = { context, maxEditLength };
  const patch = structuredPatch("", "", before ?? "", after ?? "", "", "", options);
  return patch?.hunks ?? [wholeHunk(old, next)];
}

function wholeHunk(old: readonly string[], next: readonly string[]): StructuredPatchHunk {
  const [removed, added] = [old.map((line) => `-${line}`), next.map((line) => `+${line}`)];
  return {
    oldStart: 1,
    oldLines: old.length,
    newStart: 1,
    newLines: next.length,
    lines: [...removed, ...added],
  };
}

/** The hunk's lines as they may be shown. Compared are the real ones: a new secret is a change. */
function maskedLines(
  { oldStart, newStart, lines: all }: StructuredPatchHunk,
  [old = [], next = []]: readonly (readonly string[])[],
): string[] {
  let [i, j] = [oldStart - 1, newStart - 1];
  return all.map((line) => {
    const kind = line.charAt(0);
    const text = kind === "+" ? next[j] : old[i];
    if (kind !== "+") i += 1;
    if (kind !== "-") j += 1;
    return `${kind}${text ?? ""}`;
  });
}
