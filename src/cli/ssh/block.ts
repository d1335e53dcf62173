import type { KeyRow } from "./keys.ts";

const BEGIN = "# openclaw-gateway: begin (kept by “openclaw ssh”; what is in between is made anew)";
const END = "# openclaw-gateway: end";

/** The lines of authorized_keys for these keys; each may run the one script and nothing else. */
export function blockLines(keys: readonly KeyRow[], script: string): string[] {
  return keys.map(({ fingerprint, publicKey, from }) => {
    const networks = from ? `,from="${from.join(",")}"` : "";
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

/** `text` without our block. An end that somebody deleted is where our kind of lines stops. */
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
