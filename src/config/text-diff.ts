import { maskText, secretsIn } from "./mask.ts";

type DiffStep = { readonly kind: " " | "-" | "+"; readonly old: number; readonly next: number };

const context = 2;
const maxCompared = 4_000_000;

/**
 * What changed between two config texts, for people: in the manner of `diff -u`, with secrets,
 * unknown values and invisible characters hidden. Empty when nothing changed.
 */
export function diffTexts(before: string, after: string): string {
  if (before === after) return "";
  const [old, next] = [lines(before), lines(after)];
  const secrets = [...secretsIn(before), ...secretsIn(after)];
  const [shownOld, shownNext] = [lines(maskText(before, secrets)), lines(maskText(after, secrets))];
  const steps = compare(old, next);
  const out: string[] = [];
  for (const [from, to] of hunks(steps)) {
    const part = steps.slice(from, to);
    out.push(header(part));
    for (const { kind, old: i, next: j } of part) {
      out.push(`${kind}${visible((kind === "+" ? shownNext[j] : shownOld[i]) ?? "")}`);
    }
  }
  return out.length === 0 ? "" : `${out.join("\n")}\n`;
}

function lines(text: string): string[] {
  const all = text.split(/\r\n|\r|\n/);
  if (all.at(-1) === "") all.pop();
  return all;
}

function visible(line: string): string {
  return line.replace(/[^\P{C}\t]|[\p{Zl}\p{Zp}]/gu, "");
}

function header(part: readonly DiffStep[]): string {
  const [first] = part;
  const count = (skip: string) => part.filter((step) => step.kind !== skip).length;
  return `@@ -${(first?.old ?? 0) + 1},${count("+")} +${(first?.next ?? 0) + 1},${count("-")} @@`;
}

/** Ranges of steps around the changes, `context` unchanged lines on each side. */
function hunks(steps: readonly DiffStep[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const [index, step] of steps.entries()) {
    if (step.kind === " ") continue;
    const last = ranges.at(-1);
    const end = Math.min(steps.length, index + context + 1);
    if (last && index - context <= last[1]) last[1] = end;
    else ranges.push([Math.max(0, index - context), end]);
  }
  return ranges;
}

/** The steps from `old` to `next`: equal ends are skipped, the middle goes by longest common lines. */
function compare(old: readonly string[], next: readonly string[]): DiffStep[] {
  let start = 0;
  while (start < old.length && start < next.length && old[start] === next[start]) start += 1;
  let oldEnd = old.length;
  let nextEnd = next.length;
  while (oldEnd > start && nextEnd > start && old[oldEnd - 1] === next[nextEnd - 1]) {
    oldEnd -= 1;
    nextEnd -= 1;
  }
  const steps: DiffStep[] = [];
  for (let i = 0; i < start; i += 1) steps.push({ kind: " ", old: i, next: i });
  steps.push(...middle(old.slice(start, oldEnd), next.slice(start, nextEnd), start));
  for (let i = oldEnd; i < old.length; i += 1)
    steps.push({ kind: " ", old: i, next: i - oldEnd + nextEnd });
  return steps;
}

function middle(old: readonly string[], next: readonly string[], start: number): DiffStep[] {
  const common = commonLengths(old, next);
  const at = (i: number, j: number) => common[i]?.[j] ?? 0;
  const steps: DiffStep[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < next.length) {
    const place = { old: i + start, next: j + start };
    if (i < old.length && j < next.length && old[i] === next[j] && common.length > 0) {
      steps.push({ kind: " ", ...place });
      i += 1;
      j += 1;
    } else if (i < old.length && (j >= next.length || at(i + 1, j) >= at(i, j + 1))) {
      steps.push({ kind: "-", ...place });
      i += 1;
    } else {
      steps.push({ kind: "+", ...place });
      j += 1;
    }
  }
  return steps;
}

/** For each pair of tails the length of their longest common subsequence; empty when too much. */
function commonLengths(old: readonly string[], next: readonly string[]): number[][] {
  if (old.length * next.length > maxCompared) return [];
  const table: number[][] = Array.from({ length: old.length + 1 }, () => []);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = next.length - 1; j >= 0; j -= 1) {
      const below = table[i + 1] ?? [];
      const same = old[i] === next[j];
      const best = same ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, table[i]?.[j + 1] ?? 0);
      (table[i] ?? [])[j] = best;
    }
  }
  return table;
}
