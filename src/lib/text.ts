/**
 * Control characters, bidirectional controls, zero-width and other invisible format characters, and
 * lone surrogates: nothing that could move a cursor, hide text or reorder it.
 */
const HOSTILE =
  /\p{Cc}|\p{Cf}|\p{Cs}|\p{Co}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}|\p{Bidi_Control}/gu;

/** Visible ASCII with single blanks between: as clean as it can be. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/;

/**
 * Text from a client, made safe to store and show: hostile characters removed, white space folded,
 * cut to `max` characters (code points) with an ellipsis. `undefined` when nothing is left.
 */
export function cleanText(value: unknown, max = 64): string | undefined {
  if (typeof value !== "string") return undefined;
  if (value.length <= max && PLAIN.test(value)) return value;
  const bounded = value.length > max * 8 ? value.slice(0, max * 8) : value;
  const text = bounded.replace(/\s+/gu, " ").replace(HOSTILE, "").replace(/ +/g, " ").trim();
  if (text === "") return undefined;
  const chars = [...text];
  return chars.length <= max ? text : `${chars.slice(0, max - 1).join("")}…`;
}
