import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tableColumns } from "../../src/cli/io.ts";
import { table } from "../../src/cli/table.ts";
import { cleanText } from "../../src/lib/text.ts";
import { padText, textWidth, wrapText } from "../../src/lib/width.ts";

describe("width", () => {
  test.each([
    ["abc", 3],
    ["Küche", 5],
    ["Ku\u0308che", 5],
    ["手机", 4],
    ["한국어", 6],
    ["\u1112\u1161\u11ab", 2],
    ["ﾃﾚﾋﾞ", 4],
    ["テレビ", 6],
    ["📱", 2],
    ["🇩🇪", 2],
    ["a📱手", 5],
    ["“x”…", 4],
  ])("%s takes %i columns", (text, width) => {
    expect(textWidth(text)).toBe(width);
    expect(textWidth(padText(text, 10))).toBe(10);
  });

  test("lines break between words, and within one only where they must", () => {
    expect(wrapText("see everything, send and act", 15)).toEqual([
      "see everything,",
      "send and act",
    ]);
    expect(wrapText("2001:db8:0:0:0:0:0:1", 8)).toEqual(["2001:db8", ":0:0:0:0", ":0:1"]);
    expect(wrapText("手机手机", 5)).toEqual(["手机", "手机"]);
    expect(wrapText("", 5)).toEqual([""]);
  });

  test("the terminal's width is used up to 120 columns", () => {
    expect([undefined, 0, 60, 80, 100, 500].map(tableColumns)).toEqual([80, 80, 60, 80, 100, 120]);
  });
});

const columns = [
  { title: "CODE", fixed: true },
  { title: "DEVICE", share: 3 },
  { title: "MAY", share: 3 },
  { title: "FROM", share: 2 },
];

describe("table", () => {
  test("takes no more room than its content needs", () => {
    const rows = [[["7F3K-Q2MN"], ["Anna's phone", "browser"], ["see everything"], ["now"]]];
    expect(table({ columns, rows, width: 80 })).toEqual([
      "  CODE       DEVICE        MAY             FROM",
      "  7F3K-Q2MN  Anna's phone  see everything  now",
      "             browser",
    ]);
  });

  test("wide characters do not push columns out of line", () => {
    const rows = [
      [["A"], ["手机"], ["x"], ["y"]],
      [["B"], ["phone"], ["x"], ["y"]],
    ];
    const [, first = "", second = ""] = table({ columns, rows, width: 80 });
    expect(textWidth(first.slice(0, first.indexOf("x")))).toBe(second.indexOf("x"));
  });

  test("whatever it holds, it fits and no character is lost", () => {
    const cell = fc
      .string({ unit: "grapheme", maxLength: 120 })
      .map((text) => [cleanText(text, 200) ?? "-"]);
    const row = fc.tuple(fc.constant(["7F3K-Q2MN"]), cell, cell, cell);
    const width = fc.integer({ min: 80, max: 120 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), width, (rows, columnsWide) => {
        const lines = table({ columns, rows, width: columnsWide });
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columnsWide);
        const count = (text: string) => [...text].filter((char) => char !== " ").length;
        const titles = columns.map(({ title }) => title).join("");
        expect(count(lines.join(""))).toBe(count(titles + rows.flat(2).join("")));
      }),
      { numRuns: 300 },
    );
  });
});
