import fc from "fast-check";
import { expect, test } from "vitest";
import { couldNestDeeper, nestsDeeper } from "../../src/lib/json-levels.ts";

const isNestedDeeper = (text: string, most: number) =>
  couldNestDeeper(text, most) && nestsDeeper(JSON.parse(text), most);

/** What the text holds, level by level. */
function levelsOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Object.values(value).reduce((most: number, item) => Math.max(most, levelsOf(item)), 0);
}

test("levels are counted as they are in the value", () => {
  const json = fc.json({ maxDepth: 8, stringUnit: "grapheme" });
  fc.assert(
    fc.property(json, fc.integer({ min: 1, max: 8 }), fc.boolean(), (text, most, pretty) => {
      const value: unknown = JSON.parse(text);
      const written = pretty ? JSON.stringify(value, undefined, 2) : text;
      expect(isNestedDeeper(written, most)).toBe(levelsOf(value) > most);
    }),
  );
});

test.each([
  ['["[[[[[[[["]', false],
  [String.raw`["\"[[[[[[[["]`, false],
  [String.raw`["\\",[[[[[[]]]]]]]`, true],
  [String.raw`{"{{{{{{\\\"":{"a":"}"},"b":{}}`, false],
  ["[[[[]]],[[[]]],[[[]]]]", false],
  ["[[[[[]]]]]", true],
])("%s: %s", (text, deeper) => {
  expect(isNestedDeeper(text, 4)).toBe(deeper);
});

test("what is deeper than any stack is told by its levels too", () => {
  expect(isNestedDeeper("[".repeat(1_000_000) + "]".repeat(1_000_000), 128)).toBe(true);
});
