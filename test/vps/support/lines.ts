import { randomBytes, randomInt } from "node:crypto";

const WORDS = [
  ..."approve list show reject revoke help sh id cat touch -c -- x 0 1 ~ ../..".split(" "),
  ..."7F3K-Q2MN 7F3K /tmp/pwned pwned /etc/passwd".split(" "),
];
/** What a shell, or a program that reads badly, would act on. */
const GLUE = [
  ...[
    "; ",
    "\n",
    "\r\n",
    "\t",
    "\u00a0",
    "\u2028",
    "\u202e",
    "é",
    "–",
    "\u0001",
    "\u001b[2J",
    "\u007f",
  ],
  ..."; && || | & > >> < $ ` $( ) $ { } ' \" \\ \\n * ? [ ] { # ! = %00 '\"'\"' \\\\".split(" "),
  ...[" ", "  "],
];

/** What the grammar lets pass, of lines in plain characters; such lines are drawn anew. */
const FITS =
  /^ *([Ll]ist|([Ss]how|[Aa]pprove|[Rr]eject) +[0-9A-Za-z]{4}(-| *)[0-9A-Za-z]{4}|[Rr]evoke +[0-9A-Za-z-]{8,}|[Hh]elp) *$/;

/** A line in the plain characters that it stands for where a phone sent it (docs/ssh.md). */
function plain(line: string): string {
  return line
    .replace(/[\t\r\u00a0\u202f\u3000]/g, " ")
    .replace(/^\n+|\n+$/g, "")
    .replace(/[\u2010-\u2015\u2212\u30fc\uff0d]/g, "-")
    .replace(/[\u00ad\u200b-\u200f\u2060\u2066\u2068\u2069\u202a\u202c\ufeff]/g, "");
}

/** Lines that are no verb's: mutated ones, ones that are glued together, and noise. */
export function randomLines(count: number, code: string): string[] {
  const lines: string[] = [];
  while (lines.length < count) {
    const line = [glued, mutated, noise][lines.length % 3]?.(code) ?? "";
    // An argument can't hold NUL, and ssh itself takes a line that is empty for none.
    if (line.includes("\0") || line.trim() === "" || FITS.test(plain(line))) continue;
    lines.push(line);
  }
  return lines;
}

const pick = (list: readonly string[]) => list[randomInt(list.length)] ?? "";

/** Verbs and arguments with whatever a shell would act on between them. */
function glued(code: string): string {
  const parts = Array.from({ length: 1 + randomInt(5) }, () => {
    return `${pick([...WORDS, code])}${pick(GLUE)}`;
  });
  return `${pick(["", "", pick(GLUE)])}${parts.join("")}`;
}

/** A right line with something put in, taken out or changed. */
function mutated(code: string): string {
  const right = pick(["list", "help", `approve ${code}`, `show ${code}`, `reject ${code}`]);
  const at = randomInt(right.length + 1);
  const cut = right.slice(0, at);
  return pick([
    `${cut}${pick(GLUE)}${right.slice(at)}`,
    `${cut}${pick(GLUE)}${right.slice(at + 1)}`,
    `${right}${pick(GLUE)}${pick(WORDS)}`,
    `${pick(GLUE)}${right}${pick(GLUE)}`,
    `${right} ${right}`,
    `sh -c '${right}'`,
    `"${right}"`,
    cut,
  ]);
}

function noise(): string {
  return randomBytes(1 + randomInt(120)).toString(pick(["latin1", "utf8", "base64"]) as "utf8");
}
