import { describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { quoted, quotedName, scopesInWords } from "../../src/words/device.ts";

const deviceId = "ab".repeat(32);

describe("a name in a sentence", () => {
  test.each([
    ["Anna's phone", "“Anna's phone”"],
    ["x” (browser) from 10.0.0.1 asks for “less", '“x" (browser) from 10.0.0.1 asks for "less”'],
    ["", "“unnamed device”"],
    ["\u001b[2J\u202eattic", "“[2Jattic”"],
  ])("%j stands in marks that nothing in it ends", (displayName, words) => {
    expect(quotedName({ deviceId, displayName })).toBe(words);
  });

  test("is the owner's own, where there is one", () => {
    expect(quotedName({ deviceId, displayName: "x", operatorLabel: "Mum" })).toBe("“Mum”");
  });

  test("any text can be quoted", () => {
    expect(quoted("“a”")).toBe('“"a"”');
  });
});

test("a scope as long as one may be is named whole", () => {
  const long = "plugin.".padEnd(limitTable.scopeChars.value, "x");
  expect(scopesInWords([long])).toBe(long);
});
