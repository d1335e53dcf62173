import jsQR from "jsqr";

const SCALE = 4;
/** What a line of a QR code is made of; a terminal's own text has none of these. */
const DRAWN = /^[ ▀▄█]*[▀▄█][ ▀▄█]*$/;
/** The smallest code has 21 modules, two to a line. */
const FEWEST_LINES = 10;

/**
 * The lines of the last QR code on a screen, such as `tmux capture-pane -p` prints it: with colours or
 * without. `undefined` where there is none.
 */
export function qrRows(screen: string): string[] | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken off here
  const lines = screen.replace(/\u001b\[[\d;]*m/g, "").split("\n");
  const end = lines.findLastIndex((line) => DRAWN.test(line));
  if (end < 0) return undefined;
  const before = lines.slice(0, end).findLastIndex((line) => !DRAWN.test(line));
  const rows = lines.slice(before + 1, end + 1);
  return rows.length < FEWEST_LINES ? undefined : rows;
}

/**
 * What a phone's camera reads of the last QR code on a screen: every half of a cell is a module, and
 * what is not drawn has the colour of the screen around it.
 */
export function readScreenQr(screen: string): string | undefined {
  const rows = qrRows(screen);
  if (!rows) return undefined;
  const around = 4;
  const columns = Math.max(...rows.map((row) => row.length)) + 2 * around;
  const height = rows.length * 2 + 2 * around;
  const pixels = new Uint8ClampedArray(columns * height * SCALE * SCALE * 4).fill(255);
  for (let y = 0; y < height * SCALE; y += 1) {
    for (let x = 0; x < columns * SCALE; x += 1) {
      const row = Math.floor(y / SCALE) - around;
      const cell = rows[row >> 1]?.[Math.floor(x / SCALE) - around] ?? " ";
      const half = Math.abs(row % 2) === 0 ? "▀" : "▄";
      const at = (y * columns * SCALE + x) * 4;
      if (cell === "█" || cell === half) pixels.fill(0, at, at + 3);
    }
  }
  return jsQR(pixels, columns * SCALE, height * SCALE)?.data;
}
