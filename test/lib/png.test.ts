import { expect, test } from "vitest";
import { squaresPng } from "../../src/lib/png.ts";
import { qrCode } from "../../src/lib/qr.ts";
import { readDataUrlQr, readPng } from "../kit/png-qr.ts";

test("squares come back as they were, whatever the width leaves of its last byte", () => {
  for (const columns of [1, 3, 8, 9, 17]) {
    const rows = [0, 1, 2].map((y) =>
      Array.from({ length: columns }, (_, x) => (x * 7 + y * 3) % 4 < 2),
    );
    for (const scale of [1, 3]) {
      const { width, height, white } = readPng(squaresPng(rows, scale));
      expect([width, height]).toEqual([columns * scale, 3 * scale]);
      const back = Array.from({ length: height }, (_, y) =>
        Array.from({ length: width }, (_, x) => !white(x, y)),
      );
      const wanted = rows.flatMap((row) =>
        Array.from({ length: scale }, () => row.flatMap((dark) => new Array(scale).fill(dark))),
      );
      expect(back).toEqual(wanted);
    }
  }
});

test("a picture of a QR code reads back as its text", () => {
  const text = "eyJ1cmwiOiJ3c3M6Ly9ndy5leGFtcGxlLmNvbSJ9".repeat(9);
  const png = squaresPng(qrCode(text, 4), 6);
  expect(readDataUrlQr(`data:image/png;base64,${png.toString("base64")}`)).toBe(text);
});
