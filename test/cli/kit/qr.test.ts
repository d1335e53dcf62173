import { expect, test } from "vitest";
import { drawQr, fittingQr, qrLines } from "../../../src/cli/kit/qr.ts";
import { qrCode } from "../../../src/lib/qr.ts";
import { readScreenQr } from "../../kit/terminal-qr.ts";
import { FakeIo } from "../support/io.ts";

const secret = "A1b2C3d4".repeat(6).slice(0, 43);
const linkAt = (host: string) => `https://${host}/#invite=${secret}`;
const link = linkAt("gateway.example.com");
/** As long a name as people give a gateway. */
const longLink = linkAt(`${"gateway.".repeat(6)}example.com.`.padEnd(60, "x"));

test.each([{ colour: true }, { colour: false }])("reads back as the link, %o", (options) => {
  expect(readScreenQr(qrLines(qrCode(link, 1), options).join("\n"))).toBe(link);
});

test("the reader can fail: one line lost is no link", () => {
  const lines = qrLines(qrCode(link, 1), { colour: false });
  expect(readScreenQr(lines.slice(0, lines.length >> 1).join("\n"))).toBeUndefined();
});

test.each([
  ["a short name", linkAt("gw.example.com")],
  ["a name of 60 characters", longLink],
])("a link to %s fits 80 by 24 with the prompt below it", (_name, text) => {
  const code = fittingQr([text], { columns: 80, rows: 24 });
  const lines = qrLines(code ?? [], { colour: false });
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.length).toBeLessThanOrEqual(23);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(readScreenQr(lines.join("\n"))).toBe(text);
});

test("the border is as wide as the terminal has room for, up to what cameras want", () => {
  const sizeAt = (rows: number) => fittingQr([link], { columns: 80, rows })?.length ?? 0;
  const bare = qrCode(link, 0).length;
  expect(sizeAt(24)).toBe(bare + 8);
  expect(sizeAt(200)).toBe(bare + 8);
  expect(sizeAt((bare + 2 + 1) / 2 + 1)).toBe(bare + 2);
  expect(sizeAt((bare + 2 + 1) / 2)).toBe(0);
});

test("of several texts the first that fits is drawn", () => {
  const long = longLink.padEnd(400, "x");
  const code = fittingQr([long, link], { columns: 80, rows: 24 });
  expect(code).toEqual(fittingQr([link], { columns: 80, rows: 24 }));
  expect(fittingQr([long, link], { columns: 80, rows: 60 })?.length).toBe(qrCode(long, 4).length);
});

test.each([
  ["too few lines", { rows: 20 }, "43 columns and 23 lines; this terminal has 80 and 20"],
  ["too few columns", { columns: 40 }, "43 columns and 23 lines; this terminal has 40 and 24"],
])("with %s it is not drawn, and it says what is missing", (_name, size, words) => {
  const io = Object.assign(new FakeIo(), { showsPerson: true, ...size });
  drawQr({ io, options: {} }, [longLink]);
  expect(io.text).toContain(`The QR code is not drawn: it needs ${words}.`);
  expect(readScreenQr(io.text)).toBeUndefined();
});

test("for a file or another program it is always drawn", () => {
  const io = Object.assign(new FakeIo(), { rows: 5, columns: 10 });
  drawQr({ io, options: {} }, [longLink]);
  expect(readScreenQr(io.text)).toBe(longLink);
});
