import jsQR from "jsqr";
import { expect, test } from "vitest";
import { qrLines } from "../../src/cli/qr.ts";

const SCALE = 4;
const link = `https://gateway.example.com/#invite=${"A1b2C3d4".repeat(6)}`;

/** What a camera sees of the lines: dark ink on light ground, or light blocks on a dark screen. */
function photograph(lines: readonly string[], options: { colour: boolean }) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken off here
  const cells = lines.map((line) => [...line.replace(/\u001b\[[\d;]*m/g, "")]);
  const width = (cells[0]?.length ?? 0) * SCALE;
  const height = cells.length * 2 * SCALE;
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const row = Math.floor(y / SCALE);
      const cell = cells[row >> 1]?.[Math.floor(x / SCALE)] ?? " ";
      const drawn = cell === "█" || cell === (row % 2 === 0 ? "▀" : "▄");
      if (drawn === options.colour) pixels.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return jsQR(pixels, width, height)?.data;
}

test.each([{ colour: true }, { colour: false }])("reads back as the link, %o", (options) => {
  expect(photograph(qrLines(link, options), options)).toBe(link);
});

test("a long link still fits a terminal of 80 by 24", () => {
  const lines = qrLines(link.padEnd(130, "x"), { colour: false });
  expect(lines.length).toBeLessThanOrEqual(23);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("the reader can fail: one line lost is no link", () => {
  const lines = qrLines(link, { colour: false });
  expect(photograph(lines.slice(0, lines.length >> 1), { colour: false })).toBeUndefined();
});
