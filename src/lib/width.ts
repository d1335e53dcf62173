/** What takes no column: combining marks, and the vowels and finals that join a Hangul syllable. */
const NONE = /[\p{Mn}\p{Me}\u1160-\u11ff]/u;

/** What takes two: East Asian wide and full-width characters, and signs shown as emoji. */
const TWO =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d7f}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}]|(?!\p{Regional_Indicator})\p{Emoji_Presentation}/u;

/** Columns that one character (code point) takes on a terminal. */
function charWidth(char: string): 0 | 1 | 2 {
  if (char < "\u0300") return 1;
  if (NONE.test(char)) return 0;
  return TWO.test(char) ? 2 : 1;
}

/** Columns that a text without control characters takes on a terminal. */
export function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** `text` and as many spaces as fill `width` columns. */
export function padText(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}

/** Breaks `text` into lines of at most `width` columns: between words, else behind a dash, else anywhere. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    let gap = line === "" ? "" : " ";
    for (const part of partsOf(word, width)) {
      const longer = line + gap + part;
      gap = "";
      if (textWidth(longer) <= width) {
        line = longer;
        continue;
      }
      if (line !== "") lines.push(line);
      line = part;
    }
  }
  lines.push(line);
  return lines;
}

/** Cuts off what takes more than `width` columns, and says so with an ellipsis. */
export function cutText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 2) return "…".slice(0, width);
  const [start = ""] = cutWord(text, width - 1);
  return textWidth(start) < width ? `${start}…` : "…";
}

function partsOf(word: string, width: number): string[] {
  if (textWidth(word) <= width) return [word];
  return word.split(/(?<=-)/).flatMap((part) => cutWord(part, width));
}

/** Pieces of at most `width` columns; a character that is wider than that stands alone. */
function cutWord(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  let taken = 0;
  for (const char of word) {
    const more = charWidth(char);
    if (taken + more > width && piece !== "") {
      pieces.push(piece);
      piece = "";
      taken = 0;
    }
    piece += char;
    taken += more;
  }
  return [...pieces, piece];
}
