import { encode } from "uqr";

/** Black on white whatever the terminal's own colours are, where it has colours. */
const INK = "\u001b[30;107m";
const PLAIN = "\u001b[0m";

/** Both halves of a character cell, upper and lower module: index is upper + 2 × lower (1 is dark). */
const DARK_CELLS = [" ", "▀", "▄", "█"];
/** The same for terminals that show light text on a dark ground: what is drawn is what is light. */
const LIGHT_CELLS = ["█", "▄", "▀", " "];

/**
 * A QR code as lines of text, two modules a line (ISO/IEC 18004, error correction L, one module of
 * border): a link of 130 characters takes 23 lines of 45 columns.
 */
export function qrLines(text: string, options: { colour: boolean }): string[] {
  const { data, size } = encode(text, { ecc: "L", border: 1 });
  const cells = options.colour ? DARK_CELLS : LIGHT_CELLS;
  const lines: string[] = [];
  for (let row = 0; row < size; row += 2) {
    let line = "";
    for (let column = 0; column < size; column += 1) {
      const upper = data[row]?.[column] ? 1 : 0;
      const lower = data[row + 1]?.[column] ? 2 : 0;
      line += cells[upper + lower];
    }
    lines.push(options.colour ? `${INK}${line}${PLAIN}` : line);
  }
  return lines;
}
