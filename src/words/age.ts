const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const units: readonly [number, string][] = [
  [365 * DAY, "year"],
  [30 * DAY, "month"],
  [7 * DAY, "week"],
  [DAY, "day"],
  [HOUR, "hour"],
  [MINUTE, "minute"],
  [1000, "second"],
];

/** A length of time in one unit, rounded down: `2 minutes`. */
export function spanWords(ms: number): string {
  for (const [size, name] of units) {
    const count = Math.floor(ms / size);
    if (count >= 1) return count === 1 ? `1 ${name}` : `${count} ${name}s`;
  }
  return "less than a second";
}

/** `2 minutes ago`; clocks that disagree by a little read as `just now`. */
export function agoWords(thenMs: number, nowMs: number): string {
  const ms = nowMs - thenMs;
  return ms < 5000 ? "just now" : `${spanWords(ms)} ago`;
}

/** How long something took: `340 ms`, `2.1 s`. */
export function tookWords(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
