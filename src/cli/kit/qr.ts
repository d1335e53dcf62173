import { type QrCode, qrCode } from "../../lib/qr.ts";
import { type Context, remark } from "./context.ts";
import type { Io } from "./io.ts";

/** Black on white, where the terminal has colours: its own colours may not be dark on light. */
const INK = "\u001b[30;107m";
const PLAIN = "\u001b[0m";

/** Both halves of a character cell, upper and lower module: index is upper + 2 × lower (1 is dark). */
const DARK_CELLS = [" ", "▀", "▄", "█"];
/**
 * Cells for a terminal without colours, taken to show light text on a dark ground: what is drawn is
 * what is light. Index as in DARK_CELLS.
 */
const LIGHT_CELLS = ["█", "▄", "▀", " "];

/** Cameras want four light modules around the code (ISO/IEC 18004), and mostly read it with one. */
const BORDERS = [4, 3, 2, 1] as const;

/**
 * A QR code as lines of text, two modules a line: with one module of border a text of 134 bytes takes
 * 22 lines of 43 columns.
 */
export function qrLines(code: QrCode, options: { colour: boolean }): string[] {
  const cells = options.colour ? DARK_CELLS : LIGHT_CELLS;
  const lines: string[] = [];
  for (let row = 0; row < code.length; row += 2) {
    let line = "";
    for (let column = 0; column < code.length; column += 1) {
      const upper = code[row]?.[column] ? 1 : 0;
      const lower = code[row + 1]?.[column] ? 2 : 0;
      line += cells[upper + lower];
    }
    lines.push(options.colour ? `${INK}${line}${PLAIN}` : line);
  }
  return lines;
}

/** Lines and columns that a terminal must have for so many modules: below them stands the prompt. */
function needs(modules: number): { rows: number; columns: number } {
  return { rows: Math.ceil(modules / 2) + 1, columns: modules };
}

/** The first of `texts` that the terminal can show whole, with as much border as it has room for. */
export function fittingQr(
  texts: readonly string[],
  terminal: Pick<Io, "rows" | "columns">,
): QrCode | undefined {
  for (const text of texts) {
    const bare = qrCode(text, 0).length;
    const border = BORDERS.find((modules) => {
      const { rows, columns } = needs(bare + 2 * modules);
      return rows <= terminal.rows && columns <= terminal.columns;
    });
    if (border !== undefined) return qrCode(text, border);
  }
  return undefined;
}

/**
 * Draws the first of `texts` that fits; they mean the same. It must be the last thing that a command
 * prints: what comes after it would move it up and out of sight.
 */
export function drawQr(context: Context, texts: readonly [string, ...string[]]): void {
  const { io } = context;
  // What is read by a program or from a file has no edge.
  const code = io.showsPerson ? fittingQr(texts, io) : qrCode(texts[0], BORDERS[0]);
  if (code) {
    for (const line of qrLines(code, io)) io.data(line);
    return;
  }
  const { rows, columns } = needs(qrCode(texts.at(-1) ?? "", 1).length);
  const here = `${columns} columns and ${rows} lines; this terminal has ${io.columns} and ${io.rows}`;
  remark(context, `  The QR code is not drawn: it needs ${here}.`);
  remark(
    context,
    "  Make the window larger and repeat the command, or send what is printed above.",
  );
}
