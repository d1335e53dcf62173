import { expect, test } from "vitest";
import { retryAfterMs } from "../../src/lib/retry-after.ts";

const NOW = Date.parse("2026-11-27T10:00:00Z");

test.each([
  ["30", 30_000],
  ["0", 0],
  [" 7 ", 7_000],
  ["64.57", 64_570],
  ["2.5", 2_500],
  ["0.0004", 1],
  ["99999999999", 99_999_999_999_000],
])("seconds: %j", (header, ms) => {
  expect(retryAfterMs(header, NOW)).toBe(ms);
});

test.each([
  ["Fri, 27 Nov 2026 10:01:00 GMT", 60_000],
  ["Fri, 27 Nov 2026 09:00:00 GMT", 0],
  ["Friday, 27-Nov-26 10:01:00 GMT", 60_000],
  ["Saturday, 27-Nov-77 10:01:00 GMT", 0],
  ["Fri Nov 27 10:01:00 2026", 60_000],
  ["Tue Dec  1 10:00:00 2026", 4 * 86_400_000],
])("a date in each form of HTTP: %j", (header, ms) => {
  expect(retryAfterMs(header, NOW)).toBe(ms);
});

test.each([
  undefined,
  "",
  "soon",
  "-1",
  "+5",
  ".5",
  "5.",
  "1e3",
  "1,5",
  "5 s",
  "2026-12-01",
  "11/28/2026",
  "Fri, 27 Nix 2026 10:01:00 GMT",
  "Fri, 27 anF 2026 10:01:00 GMT",
  "Fri, 27 Nov 2026 10:01:00 CET",
])("anything else is none: %j", (header) => {
  expect(retryAfterMs(header, NOW)).toBeUndefined();
});
