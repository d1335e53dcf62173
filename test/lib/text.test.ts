import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanText } from "../../src/lib/text.ts";
import { limitTable } from "../../src/limits/table.ts";

describe("hostile text", () => {
  test.each([
    ["an escape sequence", "a\u001b[31mred\u001b[0m", "a[31mred[0m"],
    ["a title change", "\u001b]0;owned\u0007name", "]0;ownedname"],
    ["C1 controls", "a\u009b31mb", "a31mb"],
    ["line breaks", "one\r\ntwo\u2028three", "one two three"],
    ["right-to-left override", "safe\u202egpj.exe", "safegpj.exe"],
    ["isolates", "\u2066a\u2069b\u200f", "ab"],
    ["zero-width characters", "ad\u200bm\u200din\ufeff", "admin"],
    ["a soft hyphen", "ad\u00admin", "admin"],
    ["invisible fillers", "a\u3164b\u115f", "ab"],
    ["tag characters", "a\u{e0041}\u{e0042}", "a"],
    ["a lone surrogate", "a\ud800b", "ab"],
    ["a variation selector", "a\ufe0f", "a"],
    ["a delete", "a\u007fb", "ab"],
    ["a blank too many", " a  b ", "a b"],
  ])("%s is taken out", (_name, given, expected) => {
    expect(cleanText(given)).toBe(expected);
  });

  test("nothing that moves a cursor or reorders is left of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (given) => {
        const clean = cleanText(given) ?? "";
        expect(clean).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(cleanText(clean) ?? "").toBe(clean);
      }),
    );
  });
});

test.each([undefined, null, 5, {}, "", "  ", "\u200b"])("%j is no text", (value) => {
  expect(cleanText(value)).toBeUndefined();
});

test("ordinary text of all scripts stays", () => {
  for (const text of ["Annas iPhone", "Büro", "客厅电脑", "тест", "मेरा फोन", "📱"]) {
    expect(cleanText(text)).toBe(text);
  }
});

test("clientTextChars: text is cut to as many characters, with an ellipsis", () => {
  const { value } = limitTable.clientTextChars;
  expect(cleanText("x".repeat(value), value)).toBe("x".repeat(value));
  const cut = cleanText("📱".repeat(value + 1), value) ?? "";
  expect([...cut]).toHaveLength(value);
  expect(cut.endsWith("📱…")).toBe(true);
  expect([...(cleanText("x".repeat(10_000_000)) ?? "")]).toHaveLength(64);
});
