import { expect, test } from "vitest";
import { normalizeCode } from "../../src/words/code.ts";
import { foldTyped } from "../../src/words/typed.ts";

/** A code as phones, messengers and keyboards of other scripts send it. */
test.each([
  ["a line break behind it", "7F3K-Q2MN\n"],
  ["one of Windows", "7F3K-Q2MN\r\n"],
  ["a tab before and behind it", "\t7F3K-Q2MN\t"],
  ["small letters", "7f3k-q2mn"],
  ["a capital first letter", "7F3k-q2mn"],
  ["a no-break hyphen", "7F3K\u2011Q2MN"],
  ["a hyphen of Unicode's", "7F3K\u2010Q2MN"],
  ["an en dash", "7F3K\u2013Q2MN"],
  ["an em dash", "7F3K\u2014Q2MN"],
  ["a minus", "7F3K\u2212Q2MN"],
  ["a soft hyphen", "7F3K\u00adQ2MN"],
  ["a fullwidth hyphen", "7F3K\uff0dQ2MN"],
  ["a long vowel of a Japanese keyboard", "7F3K\u30fcQ2MN"],
  ["a no-break blank", "7F3K\u00a0Q2MN"],
  ["a narrow no-break blank", "7F3K\u202fQ2MN"],
  ["an ideographic blank", "7F3K\u3000Q2MN"],
  ["a zero-width blank", "7F3K\u200b-Q2MN\u200b"],
  ["a word joiner", "\u20607F3K-Q2MN"],
  ["a byte order mark", "\ufeff7F3K-Q2MN"],
  ["marks and isolates of direction", "\u200e\u20687F3K-Q2MN\u2069\u202c"],
  ["fullwidth digits", "\uff17F\uff13K-Q\uff12MN"],
  ["fullwidth characters", "\uff17\uff26\uff13\uff2b\uff0d\uff31\uff12\uff2d\uff2e"],
  ["Arabic digits", "\u0667F\u0663K-Q\u0662MN"],
  ["Persian digits", "\u06f7F\u06f3K-Q\u06f2MN"],
  ["digits of Devanagari", "\u096dF\u0969K-Q\u0968MN"],
  ["digits of emoji", "7\ufe0fF3\ufe0fK-Q2\ufe0fMN"],
])("a code with %s is that code", (_what, typed) => {
  expect(normalizeCode(typed)).toBe("7F3K-Q2MN");
});

test("O, I and L of any kind read as the digits that they look like", () => {
  expect(normalizeCode("oO\uff2f0-iI\uff4cL\n")).toBe("0000-1111");
});

test.each([
  ["another direction of reading", "\u202e7F3K-Q2MN"],
  ["an isolate of that direction", "\u20677F3K-Q2MN\u2069"],
  ["a control character", "7F3K\u0001-Q2MN"],
  ["an escape", "\u001b[1m7F3K-Q2MN"],
  ["letters of another script", "7F3\u041a-Q2MN"],
  ["a word before it", "code 7F3K-Q2MN"],
  ["a megabyte of blanks", `7F3K-Q2MN${" ".repeat(1024 * 1024)}`],
])("a code with %s is none", (_what, typed) => {
  expect(normalizeCode(typed)).toBeUndefined();
});

test("every digit of a script is its own, and letters keep their case", () => {
  expect(foldTyped("\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669")).toBe(
    "0123456789",
  );
  expect(foldTyped("\ud835\udfce\ud835\udfd7\ud835\udfd8\ud835\udfe1")).toBe("0909");
  expect(foldTyped(" Acid\u2011king \u00a0 Zoom\n")).toBe("Acid-king Zoom");
});
