/** Text that came over the wire is hostile: nothing of it reaches the page but through here. */

/**
 * Control, format (bidirectional, zero-width), line-separator and other invisible characters go,
 * runs of white space become one space, and the rest is cut to `max` UTF-16 units.
 */
export function clean(value: unknown, max = 80): string {
  if (typeof value !== "string") return "";
  // Cut before the patterns run: a megabyte of text is not worth a regular expression.
  const plain = value
    .slice(0, max * 4)
    .replace(/[\t\n\r\p{Z}]+/gu, " ")
    .replace(/[\p{C}\u115f\u1160\u2800\u3164\uffa0]/gu, "")
    .trim();
  return plain.length > max ? `${plain.slice(0, max)}…` : plain;
}

/** At most 32 cleaned, non-empty strings. */
export function cleanList(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value.slice(0, 32) : [];
  return list.map((item) => clean(item)).filter(Boolean);
}

/** "29 min" while there is time, "85 s" when it gets short. */
export function remaining(ms: number): string {
  return ms > 120_000 ? `${Math.round(ms / 60_000)} min` : `${Math.ceil(ms / 1000)} s`;
}
