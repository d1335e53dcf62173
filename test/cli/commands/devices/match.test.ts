import { describe, expect, test } from "vitest";
import {
  matchPaired,
  matchPending,
  searchWords,
} from "../../../../src/cli/commands/devices/match.ts";
import { wholeCode } from "../../../../src/words/code.ts";
import { pairedRow, pendingRow } from "../../support/rows.ts";

const anna = pendingRow();
const other = pendingRow({
  requestId: "7F3K-01AB",
  deviceId: "cd".repeat(32),
  displayName: "7F3K-Q2MN",
});
const rows = [anna, other];

describe("which request is meant", () => {
  test.each([
    [["7F3K-Q2MN"]],
    [["7f3k-q2mn"]],
    [["7f3kq2mn"]],
    [["7F3K", "Q2MN"]],
    [["7f 3k", "-", "q2 mn"]],
    [["7F3K–Q2MN"]],
    [["7F3K\u2011Q2MN\r\n"]],
    [["\u2068７f3ｋ\u00a0q２mn\u2069"]],
    [["ab".repeat(32)]],
    [["AB".repeat(32)]],
    [[`\u200b${"ab".repeat(16)}\u2011${"AB".repeat(16)}\n`]],
  ])("%j is exact", (words) => {
    expect(matchPending(words, rows)).toEqual({ kind: "exact", row: anna });
  });

  test("letters that look like digits are read as those", () => {
    expect(matchPending(["7f3k-olab"], rows)).toEqual({ kind: "exact", row: other });
    expect(matchPending(["7f3k-oiab"], rows)).toEqual({ kind: "exact", row: other });
  });

  test("a name that imitates another's code does not catch that code", () => {
    expect(matchPending(["7F3K-Q2MN"], rows)).toEqual({ kind: "exact", row: anna });
  });

  test.each([
    [["7F3K"], 2],
    [["7f3k-q"], 1],
    [["anna's", "phone"], 1],
    [["ANNA'S PHONE"], 1],
    // All the words of a key: enough to find it, and not the whole key.
    [[...Array(8).fill("rail")], 1],
  ])("%j is only likely", (words, many) => {
    const match = matchPending(words, rows);
    expect(match.kind === "likely" && match.rows.length).toBe(many);
  });

  test.each([
    [["7F3"]],
    [["rail-rail-rail-rail"]],
    [["ab".repeat(31)]],
    [["anna"]],
    [[""]],
    [["-"]],
    [["latest"]],
  ])("%j is nobody", (words) => {
    expect(matchPending(words, rows)).toEqual({ kind: "none" });
  });

  test("what looks like a code", () => {
    expect(["7f3k q2mn", "7F3KQ2MO", "7F3K", "UUUU-UUUU", "7F3K-Q2MN-X"].map(wholeCode)).toEqual([
      "7F3K-Q2MN",
      "7F3K-Q2M0",
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("which paired device is meant", () => {
  const first = pairedRow();
  const second = pairedRow({ deviceId: `fe812c12${"0".repeat(56)}`, operatorLabel: "Küche" });

  test("an id, and a start of one that fits no other", () => {
    expect(matchPaired(first.deviceId, [first, second])).toEqual({ kind: "exact", row: first });
    expect(matchPaired("FE812C12F3AB", [first, second])).toEqual({ kind: "exact", row: first });
    // As lists and pages show a key.
    for (const typed of ["FE81-2C12-F3AB-4CE6", "fe81 2c12 f3ab"]) {
      expect(matchPaired(typed, [first, second])).toEqual({ kind: "exact", row: first });
    }
    // As lists and pages show it now.
    for (const typed of ["zone-loud-drum-bulb-whip-rail-glue-unit", "Zone loud drum bulb WHIP"]) {
      expect(matchPaired(typed, [first, second])).toEqual({ kind: "exact", row: first });
    }
    expect(searchWords("zone-loud-drum-bulb-whip")).toEqual([
      "fe812c12f3",
      "zone-loud-drum-bulb-whip",
    ]);
    expect(searchWords("FE81-2C12-F3AB")).toEqual(["fe812c12f3ab", "FE81-2C12-F3AB"]);
    expect(searchWords("FE81")).toEqual(["FE81"]);
    expect(searchWords(" Anna-Lena ")).toEqual(["Anna-Lena"]);
  });

  test("a start that fits two, or a name, is only likely", () => {
    expect(matchPaired("fe812c12", [first, second])).toEqual({
      kind: "likely",
      rows: [first, second],
    });
    expect(matchPaired("zone loud drum bulb", [first, second]).kind).toBe("likely");
    expect(matchPaired("küche", [first, second])).toEqual({ kind: "likely", rows: [second] });
  });

  test("too short a start is nobody", () => {
    expect(matchPaired("fe8", [first])).toEqual({ kind: "none" });
    expect(matchPaired("zone", [first])).toEqual({ kind: "none" });
  });

  test("four characters, or two words, suffice where they fit one alone", () => {
    const third = pairedRow({ deviceId: "cd".repeat(32), operatorLabel: "FE81" });
    expect(matchPaired("fe81", [first])).toEqual({ kind: "exact", row: first });
    expect(matchPaired("zone loud", [first])).toEqual({ kind: "exact", row: first });
    expect(matchPaired("fe81", [first, second]).kind).toBe("likely");
    // Anybody may be called like another one's id.
    expect(matchPaired("fe81", [first, third])).toEqual({ kind: "likely", rows: [first, third] });
    expect(
      matchPaired(first.deviceId, [first, { ...third, operatorLabel: first.deviceId }]),
    ).toEqual({ kind: "exact", row: first });
  });
});
