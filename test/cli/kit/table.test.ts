import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lineColumns, tableColumns } from "../../../src/cli/kit/io.ts";
import { growingTable, table } from "../../../src/cli/kit/table.ts";
import { cleanText } from "../../../src/lib/text.ts";
import { padText, textWidth, wrapText } from "../../../src/lib/width.ts";

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

  test("lines take the terminal's width, tables no more than 120 columns of it; a pipe has none", () => {
    const terminal = (columns?: number) => lineColumns({ isTTY: true, columns }, {});
    expect([undefined, 0, 60, 500].map(terminal)).toEqual([80, 80, 60, 500]);
    expect([60, 80, 500].map(tableColumns)).toEqual([60, 80, 120]);
    expect(lineColumns({ columns: 80 }, { COLUMNS: "40" })).toBe(Number.POSITIVE_INFINITY);
    expect(tableColumns(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    ["40", 40],
    ["500", 80],
    ["0", 80],
    ["wide", 80],
  ])("COLUMNS=%s on a terminal of 80 columns gives %i", (COLUMNS, columns) => {
    expect(lineColumns({ isTTY: true, columns: 80 }, { COLUMNS })).toBe(columns);
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
    const width = fc.integer({ min: 30, max: 120 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), width, (rows, columnsWide) => {
        const lines = table({ columns, rows, width: columnsWide });
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columnsWide);
        const count = (text: string) => [...text].filter((char) => char !== " ").length;
        const titles = columns.map(({ title }) => title).join("");
        const isTable = lines[0]?.startsWith("  CODE") === true;
        const labels = isTable ? titles : `${titles}::::`.repeat(rows.length);
        expect(count(lines.join(""))).toBe(count(labels + rows.flat(2).join("")));
      }),
      { numRuns: 300 },
    );
  });

  const devices = {
    columns: [...columns, { title: "KEY", below: true }],
    rows: [
      [
        ["7F3K-Q2MN"],
        ["Anna's phone", "browser, Android 16"],
        ["operator: see chats and devices"],
        ["203.0.113.7", "2 minutes ago"],
        ["zone-loud-drum-bulb-whip-rail-glue-unit"],
      ],
      [["A"], ["B"], ["C"], ["D"], []],
    ],
  };

  test("a key stands whole below its row", () => {
    expect(table({ ...devices, width: 80 })).toEqual([
      "  CODE       DEVICE               MAY                              FROM",
      "  7F3K-Q2MN  Anna's phone         operator: see chats and devices  203.0.113.7",
      "             browser, Android 16                                   2 minutes ago",
      "             key zone-loud-drum-bulb-whip-rail-glue-unit",
      "  A          B                    C                                D",
    ]);
  });

  test("a narrow terminal gets blocks instead of columns", () => {
    expect(table({ ...devices, width: 40 })).toEqual([
      "  Code: 7F3K-Q2MN",
      "  Device: Anna's phone",
      "    browser, Android 16",
      "  May: operator: see chats and devices",
      "  From: 203.0.113.7",
      "    2 minutes ago",
      "  Key:",
      " zone-loud-drum-bulb-whip-rail-glue-unit",
      "",
      "  Code: A",
      "  Device: B",
      "  May: C",
      "  From: D",
    ]);
  });

  test("where nobody looks, every line of a cell is one line", () => {
    const [, first] = table({ ...devices, width: Number.POSITIVE_INFINITY });
    expect(first).toMatch(/7F3K-Q2MN {2}Anna's phone +operator: see chats and devices +203/);
  });

  test("rows that come later are laid out as the first", () => {
    const lines = growingTable({ ...devices, width: 40 });
    const [first = [], second = []] = devices.rows;
    expect(lines([first])[0]).toBe("  Code: 7F3K-Q2MN");
    expect(lines([second]).slice(0, 2)).toEqual(["", "  Code: A"]);
  });
});
