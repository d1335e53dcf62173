/**
 * What a person typed or pasted, in plain characters: phones and messengers turn hyphens into dashes and
 * no-break hyphens, blanks into no-break blanks, digits into fullwidth ones or those of their script, and
 * wrap what is copied into invisible characters. Letters keep their case.
 *
 * What turns the direction of reading stays as it is, and so does a control character: such a text does
 * not read as what it is, and must fit nothing.
 */
export function foldTyped(typed: string): string {
  return typed
    .normalize("NFKC")
    .replace(INVISIBLE, "")
    .replace(DASHES, "-")
    .replace(/\p{Nd}/gu, digitOf)
    .replace(/\s+/gu, " ")
    .trim();
}

/** Without room of their own, but for those that have what follows read from right to left. */
const INVISIBLE = /(?![\u202b\u202e\u2067])[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu;

/** Dashes of all lengths, minus, and the long vowel that Japanese keyboards have in the hyphen's place. */
const DASHES = /[\p{Pd}\u2043\u2212\u30fc]/gu;

/** A digit of any script as the one of ASCII: each script has its ten in a row. */
function digitOf(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  let before = 0;
  while (before < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(code - before - 1))) before += 1;
  return String(before);
}
