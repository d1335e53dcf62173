import { describe, expect, test } from "vitest";
import { agoWords, parseSpan, spanWords, tookWords } from "../../../src/cli/kit/age.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe("ages", () => {
  test.each([
    [0, "just now"],
    [-60_000, "just now"],
    [4_999, "just now"],
    [45_000, "45 seconds ago"],
    [60_000, "1 minute ago"],
    [120_000, "2 minutes ago"],
    [HOUR, "1 hour ago"],
    [47 * HOUR, "1 day ago"],
    [8 * DAY, "1 week ago"],
    [65 * DAY, "2 months ago"],
    [800 * DAY, "2 years ago"],
  ])("%i ms is %s", (ms, words) => {
    expect(agoWords(1_000_000_000_000, 1_000_000_000_000 + ms)).toBe(words);
  });

  test("durations", () => {
    expect(spanWords(500)).toBe("less than a second");
    expect(tookWords(84.4)).toBe("84 ms");
    expect(tookWords(2_140)).toBe("2.1 s");
  });

  test.each([
    ["90s", 90_000],
    ["15m", 15 * 60_000],
    ["12h", 12 * HOUR],
    ["30d", 30 * DAY],
    ["2w", 14 * DAY],
    [" 1 H ", HOUR],
  ])("%s is read", (text, ms) => {
    expect(parseSpan(text, "--stale")).toBe(ms);
  });

  test.each(["", "30", "0d", "-1d", "1y", "soon", "1.5h", "99999999d"])("%s is refused", (text) => {
    expect(() => parseSpan(text, "--stale")).toThrow(/--stale: expected a length of time/);
  });
});
