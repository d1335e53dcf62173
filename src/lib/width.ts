import stringWidth from "string-width";

/**
 * Text of which every character takes one column: Latin, Greek and Cyrillic letters, signs between
 * words, arrows. Nearly all texts are, and measured like this they need not wait for the package to
 * be loaded, which takes 20 ms (scripts/build.mjs puts it off), nor 2 µs for each character.
 */
const ONE_EACH =
  /^[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u0556\u2010-\u2027\u2030-\u205e\u2190-\u21ff]*$/;

/** Columns that a text without control characters takes on a terminal. */
export function textWidth(text: string): number {
  return ONE_EACH.test(text) ? text.length : stringWidth(text);
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
  for (const sign of signsOf(word)) {
    const more = textWidth(sign);
    if (taken + more > width && piece !== "") {
      pieces.push(piece);
      piece = "";
      taken = 0;
    }
    piece += sign;
    taken += more;
  }
  return [...pieces, piece];
}

/** What is never broken: a letter with its marks, the characters that make up one emoji. */
function signsOf(word: string): string[] {
  if (ONE_EACH.test(word)) return [...word];
  return [...new Intl.Segmenter().segment(word)].flatMap(({ segment }) =>
    textWidth(segment) > 2 ? partsOfSign(segment) : [segment],
  );
}

/** Unicode knows letters of any length, and a stranger's name may be one. */
function partsOfSign(sign: string): string[] {
  const parts: string[] = [];
  for (const char of sign) {
    if (textWidth(char) === 0) parts.push((parts.pop() ?? "") + char);
    else parts.push(char);
  }
  return parts;
}
