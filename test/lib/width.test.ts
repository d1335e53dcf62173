import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { cutText, padText, textWidth, wrapText } from "../../src/lib/width.ts";

/** Characters that join others: marks, parts of syllables and of emoji, and what they join. */
const joining = [
  ..."ab -1#ü…手한क\u094dकषகก",
  ..."\u1100\u1112\u1161\u11ab\u0308\u20e3\u0600\u0e33ｱﾞ！",
  ...["\ufe0f", "\u200d", "👩", "👧", "🏽", "❤", "©", "🇩", "🇪", "🏴", "\u{e0067}", "ி", "ा"],
];
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.array(fc.constantFrom(...joining), { maxLength: 40 }).map((all) => all.join("")),
);

test.each([
  ["👩‍👩‍👧", 2],
  ["❤️", 2],
  ["1️⃣", 2],
  ["👍🏽", 2],
  ["\u1100\u1100\u1100", 6],
])("%s takes %i columns", (sign, width) => {
  expect(textWidth(sign)).toBe(width);
});

test("what is measured here is as wide as the package says, character by character", () => {
  const odd: string[] = [];
  for (let code = 0x20; code < 0x3000; code += 1) {
    const char = String.fromCharCode(code);
    // Escapes and the like are not for this function.
    if (/\p{Cc}/u.test(char)) continue;
    if (textWidth(char) !== stringWidth(char)) odd.push(code.toString(16));
  }
  expect(odd).toEqual([]);
  fc.assert(
    fc.property(text, (all) => {
      expect(textWidth(all)).toBe(stringWidth(all));
    }),
  );
});

describe("whatever a stranger's text is made of,", () => {
  const columns = fc.integer({ min: 2, max: 30 });
  const count = (all: string) => [...all].filter((char) => char !== " ").length;

  test("its lines fit and no character is lost", () => {
    fc.assert(
      fc.property(text, columns, (all, width) => {
        const lines = wrapText(all, width);
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
        expect(count(lines.join(""))).toBe(count(all));
      }),
      { numRuns: 2000 },
    );
  });

  test("it is cut to the room there is", () => {
    fc.assert(
      fc.property(text, columns, (all, width) => {
        expect(textWidth(cutText(all, width))).toBeLessThanOrEqual(width);
        expect(textWidth(padText(cutText(all, width), width))).toBe(width);
      }),
      { numRuns: 2000 },
    );
  });

  test("an emoji of several characters is never broken", () => {
    expect(wrapText("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 5)).toEqual(["👩‍👩‍👧👩‍👩‍👧", "👩‍👩‍👧"]);
    expect(cutText("🇩🇪🇩🇪", 3)).toBe("🇩🇪…");
  });
});
