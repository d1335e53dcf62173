/** One allowed command: its words as patterns, and where it stands in the file. */
export interface AllowRule {
  readonly words: readonly string[];
  /** Line in the file, from 1. */
  readonly line: number;
}

/** What an allow-list file says. A line that can't be read allows nothing and is reported. */
export interface AllowList {
  readonly rules: readonly AllowRule[];
  readonly problems: readonly string[];
}

/** The word that, as a rule's last one, allows any further words. */
const REST = "...";

/** A way out of a folder, also behind what a word names it by (`--file=../x`). */
const CLIMBS = /(^|[^\w.~-])\.\.(?![\w.~-])/;

/**
 * Reads an allow-list. One command a line, word by word as it is run; a line that begins with `[`
 * is a JSON array of the words, for those that hold spaces. `*` in a word stands for any
 * characters, but never for a word that begins with a dash, nor for `..`: a pattern must let no
 * options in, and lead out of no folder. `...` as the last word allows any words after it. A
 * backslash makes the next sign a plain one. Blank lines and lines with `#` are remarks.
 */
export function parseAllowList(text: string): AllowList {
  const rules: AllowRule[] = [];
  const problems: string[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const words = line.startsWith("[") ? jsonWords(line) : line.split(/\s+/);
    const problem = wordsProblem(words);
    if (words && !problem) rules.push({ words, line: index + 1 });
    else problems.push(`line ${index + 1}: ${problem}`);
  }
  return { rules, problems };
}

function jsonWords(line: string): string[] | undefined {
  try {
    const words: unknown = JSON.parse(line);
    const good = Array.isArray(words) && words.every((word) => typeof word === "string");
    return good ? words : undefined;
  } catch {
    return undefined;
  }
}

function wordsProblem(words: readonly string[] | undefined): string | undefined {
  const [program = ""] = words ?? [];
  if (!words || program === "") return 'expected words, or a JSON array such as ["df", "-h"]';
  if (program === REST || literals(program).length > 1) return "the program must be named in full";
  if (words.slice(0, -1).includes(REST)) return "... can only be the last word";
  return undefined;
}

/** The rule that allows exactly these words, if there is one. */
export function allowedBy({ rules }: AllowList, argv: readonly string[]): AllowRule | undefined {
  return rules.find(({ words }) => matches(words, argv));
}

function matches(words: readonly string[], argv: readonly string[]): boolean {
  const open = words.at(-1) === REST;
  const fixed = open ? words.slice(0, -1) : words;
  if (open ? argv.length < fixed.length : argv.length !== fixed.length) return false;
  return fixed.every((word, i) => wordMatches(word, argv[i] ?? ""));
}

function wordMatches(pattern: string, word: string): boolean {
  const parts = literals(pattern);
  if (parts.length === 1) return parts[0] === word;
  if (word.startsWith("-") && !pattern.startsWith("-")) return false;
  if (CLIMBS.test(word) && !CLIMBS.test(pattern)) return false;
  return glob(parts, word);
}

/** The literal text between the asterisks of a pattern; a backslash takes the next sign as it is. */
function literals(pattern: string): string[] {
  const parts = [""];
  for (const [token] of pattern.matchAll(/\\.|./gs)) {
    if (token === "*") parts.push("");
    else parts.push((parts.pop() ?? "") + (token.length > 1 ? token.slice(1) : token));
  }
  return parts;
}

/** Whether `word` is the parts in order with anything between them. */
function glob(parts: readonly string[], word: string): boolean {
  const [first = "", ...rest] = parts;
  const last = rest.pop() ?? "";
  if (word.length < first.length + last.length) return false;
  if (!word.startsWith(first) || !word.endsWith(last)) return false;
  const end = word.length - last.length;
  let at = first.length;
  for (const part of rest) {
    const found = word.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** The line that would allow exactly these words. */
export function allowLine(argv: readonly string[]): string {
  const words = argv.map((word) => (word === REST ? "\\..." : word.replace(/[\\*]/g, "\\$&")));
  const plain = words.every((word) => /^[\w@%+=:,./\\*-]+$/.test(word));
  return plain ? words.join(" ") : JSON.stringify(words);
}
