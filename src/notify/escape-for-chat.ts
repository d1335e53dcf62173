import { cleanText } from "../lib/text.ts";

/**
 * What ends a quotation or a block of code, makes a link, a mention or markup, and what reads alike and
 * does not. Parentheses stay: without the brackets before them they are no link.
 */
const LOOKALIKES: Readonly<Record<string, string>> = {
  "<": "‹",
  ">": "›",
  "&": "+",
  "`": "'",
  "“": '"',
  "”": '"',
  // Not the full-width ones, which some take for the plain ones in mentions.
  "@": "\ufe6b",
  "#": "\u266f",
  "*": "\u2217",
  _: "\u02cd",
  "~": "\u223c",
  "|": "\u2223",
  "[": "\uff3b",
  "]": "\uff3d",
};

/**
 * A stranger's text as it may stand in a chat, a phone's notification or a mail. Those make links,
 * mentions and markup of what looks like it, and any stranger may choose a device's name: so
 * nothing in the result can be followed, mention a person, be markup, or end a quotation or a block
 * of code. Reads almost like the original; cut to `max` characters; `-` when nothing is left.
 */
export function escapeForChat(value: unknown, max: number): string {
  const plain = typeof value === "string" ? value.slice(0, max * 8).normalize("NFKC") : undefined;
  const text = cleanText(plain, max);
  if (text === undefined) return "-";
  return (
    text
      // A sign before a number (`#2`) is neither a heading nor a name.
      .replace(/[<>&`“”@*_~|[\]]|#(?!\d)/g, (char) => LOOKALIKES[char] ?? "")
      .replace(/[/\\]{2,}/g, "/")
      // A one-dot leader: `evil.example` with it is a name for people's eyes only: no program links it.
      .replace(/[.。](?=[\p{L}\p{N}])/gu, "\u2024")
  );
}
