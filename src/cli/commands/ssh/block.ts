import { openclaw } from "../../../protocol/command.ts";
import { plainText } from "../../../protocol/text.ts";
import type { KeyRow } from "./key-row.ts";

const KEEPER = plainText(openclaw`ssh`);
const BEGIN = `# openclaw-gateway: begin (kept by “${KEEPER}”; what is in between is made anew)`;
const END = "# openclaw-gateway: end";

/**
 * The lines of authorized_keys for these keys; each may run the one script and nothing else. What
 * the gateway says of a key is checked once more, because this may run with more rights than the
 * gateway has.
 * @throws Error for a key that would make another kind of line
 */
export function blockLines(keys: readonly KeyRow[], script: string): string[] {
  return keys.map(({ fingerprint, publicKey, from = [] }) => {
    const plain =
      /^SHA256:[A-Za-z0-9+/]{43}$/.test(fingerprint) &&
      /^[a-z0-9@.-]{1,64} [A-Za-z0-9+/]+={0,2}$/.test(publicKey) &&
      from.every((network) => /^[0-9a-f.:/]+$/.test(network));
    if (!plain) throw new Error("the gateway named a key that is none");
    const networks = from.length > 0 ? `,from="${from.join(",")}"` : "";
    return `restrict,command="${script} ${fingerprint}"${networks} ${publicKey}`;
  });
}

/** `text` with our block holding `lines`; without lines there is no block. Everything else stays. */
export function withBlock(text: string, lines: readonly string[]): string {
  const rest = withoutBlock(text);
  if (lines.length === 0) return rest;
  const gap = rest === "" || rest.endsWith("\n") ? "" : "\n";
  return `${rest}${gap}${[BEGIN, ...lines, END].join("\n")}\n`;
}

/**
 * `text` without our block. Where its end mark was deleted, the block ends where our kind of lines
 * does.
 */
export function withoutBlock(text: string): string {
  const lines = text.split("\n");
  const from = lines.indexOf(BEGIN);
  if (from < 0) return text;
  let to = from + 1;
  while (to < lines.length && lines[to]?.startsWith("restrict,command=")) to += 1;
  if (lines[to] === END) to += 1;
  return [...lines.slice(0, from), ...lines.slice(to)].join("\n");
}

/** Keys that stand outside our block too: sshd takes a key's first line, which may allow more. */
export function outsideKeys(text: string, keys: readonly KeyRow[]): KeyRow[] {
  const words = new Set(withoutBlock(text).split(/\s+/));
  return keys.filter(({ publicKey }) => words.has(publicKey.split(" ")[1] ?? ""));
}
