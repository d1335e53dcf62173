import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textWidth } from "../../src/lib/width.ts";
import { asRoot, CODE, openclaw, shell } from "../../src/protocol/command.ts";
import { say, type Text } from "../../src/protocol/text.ts";
import { foldLine, foldText } from "../../src/words/fold.ts";

const at = (width: number, here = "openclaw") => ({ width, calls: { here } });

describe("a line that is wider than the terminal", () => {
  test("is broken between words, and what goes on stands deeper", () => {
    expect(foldLine("Another device may have asked since you last looked.", at(40))).toEqual([
      "Another device may have asked since you",
      "    last looked.",
    ]);
    expect(foldLine("  Its connections are closed, and it may ask again.", at(40))).toEqual([
      "  Its connections are closed, and it may",
      "    ask again.",
    ]);
  });

  test("goes on below its value where it has a label", () => {
    expect(foldLine("  7F3K-Q2MN  “Anna's phone” (browser), operator: see chats", at(40))).toEqual([
      "  7F3K-Q2MN  “Anna's phone” (browser),",
      "             operator: see chats",
    ]);
  });

  test("stands below its label where that is wide, as options do in help", () => {
    expect(foldLine("  --tls-fingerprint <sha256>  with --url: the certificate", at(36))).toEqual([
      "  --tls-fingerprint <sha256>",
      "      with --url: the certificate",
    ]);
    expect(foldLine("  ssh                approval over SSH by keys", at(43))).toEqual([
      "  ssh                approval over SSH by",
      "                     keys",
    ]);
  });

  test("keeps its colours, which take no room", () => {
    const green = "\u001b[32mis well\u001b[0m";
    expect(foldLine(`The gateway ${green}`, at(19))).toEqual([`The gateway ${green}`]);
    expect(foldLine(`The gateway ${green}`, at(18))).toEqual([
      "The gateway \u001b[32mis",
      "    well\u001b[0m",
    ]);
  });
});

describe("what is copied stays in one piece", () => {
  const texts: readonly (readonly [Text, string])[] = [
    [
      say`  To remove it: ${openclaw`devices remove 950046e4192e`}`,
      "openclaw devices remove 950046e4192e",
    ],
    [
      say`  next: ${asRoot(openclaw`ssh enable`)} (the gateway acts on it already)`,
      "sudo openclaw ssh enable",
    ],
    [
      say`It may be that ${openclaw`devices show 7F3K-Q2MN`} tells why it waits`,
      "openclaw devices show 7F3K-Q2MN",
    ],
    [
      say`Its holder types: ${shell`ssh openclaw@gateway.example.com approve ${CODE}`}`,
      "ssh openclaw@gateway.example.com approve CODE",
    ],
    [
      "The page is at https://gateway.example.com/a/long/path/to/it/all",
      "https://gateway.example.com/a/long/path/to/it/all",
    ],
    [
      "  Fingerprint  dice-junk-kiwi-cola-busy-song-view-loud",
      "dice-junk-kiwi-cola-busy-song-view-loud",
    ],
    [
      "SHA256:ayr9B7moU2jbKLxXNQ62BsVDo2A9GLVSmH3VxFdAbmU is its key",
      "SHA256:ayr9B7moU2jbKLxXNQ62BsVDo2A9GLVSmH3VxFdAbmU",
    ],
  ];

  test.each(texts)("%j", (text, whole) => {
    for (const width of [80, 60, 40]) {
      const lines = foldLine(text, at(width));
      expect(lines.filter((one) => one.includes(whole))).toHaveLength(1);
      for (const one of lines) {
        if (textWidth(one) > width) expect(one).toBe(whole);
      }
    }
  });

  test("with the marks that stand before and behind it", () => {
    expect(foldLine(say`It waits (see ${openclaw`devices list`}), so decide.`, at(22))).toEqual([
      "It waits (see",
      "openclaw devices list),",
      "    so decide.",
    ]);
    expect(foldLine(say`Type “${openclaw`devices list`}”, then decide.`, at(22))).toEqual([
      "Type",
      "“openclaw devices list”,",
      "    then decide.",
    ]);
  });

  test("also as the program is called here", () => {
    const text = say`The commands of a node wait: ${openclaw`nodes approve R9B1-M9HP`}`;
    expect(foldLine(text, at(45, "node dist/index.js"))).toEqual([
      "The commands of a node wait:",
      "    node dist/index.js nodes approve R9B1-M9HP".slice(1),
    ]);
  });
});

test("nothing is wrapped where nobody looks", () => {
  const text = `${"word ".repeat(100)}\n${"word ".repeat(100)}`;
  expect(foldText(text, at(Number.POSITIVE_INFINITY))).toBe(text);
});

test("no character is lost, and nothing but a long word is wider than the terminal", () => {
  const words = fc.array(fc.string({ unit: "grapheme-ascii", maxLength: 60 }), { maxLength: 30 });
  fc.assert(
    fc.property(words, fc.integer({ min: 20, max: 120 }), (parts, width) => {
      const line = parts.join(" ").replaceAll("\n", "");
      const lines = foldLine(line, at(width));
      expect(lines.join("").replaceAll(" ", "")).toBe(line.replaceAll(" ", ""));
      for (const one of lines.slice(1)) expect(one.trim()).not.toBe("");
    }),
    { numRuns: 500 },
  );
});
