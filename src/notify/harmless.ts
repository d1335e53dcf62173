import { cleanText } from "../lib/text.ts";

const LOOKALIKES: Readonly<Record<string, string>> = {
  "<": "‹",
  ">": "›",
  "&": "+",
  "`": "'",
  "“": '"',
  "”": '"',
};

/**
 * Text of a stranger on its way into somebody's chat, phone or mail. Those make links, mentions and
 * markup of what looks like it, and any stranger may choose a device's name: so nothing here can be
 * followed, mention anybody, or end a quotation or a block of code. Reads almost the same; cut to `max`
 * characters; `-` when nothing is left.
 */
export function harmless(value: unknown, max: number): string {
  const plain = typeof value === "string" ? value.slice(0, max * 8).normalize("NFKC") : undefined;
  const text = cleanText(plain, max);
  if (text === undefined) return "-";
  return (
    text
      .replace(/[<>&`“”]/g, (char) => LOOKALIKES[char] ?? "")
      .replace(/[/\\]{2,}/g, "/")
      // A one-dot leader: `evil.example` with it is a name to nobody but people.
      .replace(/[.。](?=[\p{L}\p{N}])/gu, "\u2024")
  );
}
