import { configPaths, namesOf } from "./schema.ts";

/**
 * The known key or section that an unknown path probably means, or undefined. A neighbour in the
 * same section counts when few letters differ; a key written without its section when the name
 * is the same.
 */
export function nearestKey(segments: readonly string[]): string | undefined {
  const wanted = segments.join(".").toLowerCase();
  if (wanted.length > 80) return undefined;
  const names = knownNames();
  const same = names.find((name) => name.toLowerCase() === wanted);
  if (same !== undefined) return same;
  const depth = segments.length;
  const last = (segments.at(-1) ?? "").toLowerCase();
  const parent = segments.slice(0, -1).join(".").toLowerCase();
  const limit = Math.max(1, Math.floor(last.length / 3));
  let best: { name: string; distance: number } | undefined;
  for (const name of names) {
    const parts = name.toLowerCase().split(".");
    if (parts.length !== depth || parts.slice(0, -1).join(".") !== parent) continue;
    const distance = editDistance(last, parts.at(-1) ?? "");
    if (distance <= limit && distance < (best?.distance ?? Infinity)) best = { name, distance };
  }
  if (best) return best.name;
  return depth === 1
    ? configPaths().find((path) => path.toLowerCase().endsWith(`.${last}`))
    : undefined;
}

/** The one of `words` that `typed` probably means: few letters differ, or one begins with the other. */
export function nearestWord(typed: string, words: readonly string[]): string | undefined {
  const wanted = plain(typed);
  if (wanted.length > 80) return undefined;
  const limit = Math.max(1, Math.floor(wanted.length / 4));
  let best: { word: string; distance: number } | undefined;
  for (const word of words) {
    const distance = editDistance(wanted, plain(word));
    if (distance <= limit && distance < (best?.distance ?? Infinity)) best = { word, distance };
  }
  return best?.word ?? words.find((word) => beginsWith(plain(word), wanted));
}

/** So that another way of parting the words of a name is no difference. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_:]/g, ".");
}

const LEAST_BEGINNING = 5;

function beginsWith(a: string, b: string): boolean {
  const [short = "", long = ""] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= LEAST_BEGINNING && long.startsWith(short);
}

function knownNames(): string[] {
  const names = new Set<string>();
  // People write the shorter names of secrets, and so do texts elsewhere.
  for (const path of configPaths().flatMap(namesOf)) {
    const parts = path.split(".");
    for (let count = 1; count <= parts.length; count += 1)
      names.add(parts.slice(0, count).join("."));
  }
  return [...names];
}

/** Inserted, removed, replaced and swapped letters between two short words. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replace, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
