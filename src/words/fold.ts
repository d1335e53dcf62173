import { textWidth } from "../lib/width.ts";

/** How wide the terminal is and how our own program is typed there. */
export interface FoldView {
  /** Columns; `Infinity` where the output is no terminal, and nothing is wrapped. */
  readonly width: number;
  /** Asked only where something has to be wrapped. */
  readonly command?: () => string;
}

/** What a person copies whole, where it stands behind a colon or begins a line. */
const PROGRAMS =
  "openclaw|sudo|ssh|scp|systemctl|journalctl|curl|bash|sh|node|npm|apt|apt-get|pm2|nginx|certbot|chmod|chown|mkdir|rm|mv|cp|ls|ss|tail|cat|df|docker|usermod";

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours take no room
const COLOUR = /\u001b\[[\d;]*m/g;

/** What stands behind the message of a log line: ` requestId=7F3K-Q2MN`. */
const FACT = " (?:\\u001b\\[\\d+m)?[a-z]\\w*=";

/** Further lines stand deeper than the lines of a message, which have two columns at most. */
const HANG = 4;

/**
 * `text` with every line that is wider than the terminal broken between words, and what goes on indented.
 * A command to copy stays in one piece, as every word does (links, codes, keys): one that is wider than
 * the terminal goes over its edge on a line of its own, where the terminal still copies it whole.
 */
export function foldText(text: string, view: FoldView): string {
  if (view.width === Number.POSITIVE_INFINITY) return text;
  return text
    .split("\n")
    .flatMap((line) => foldLine(line, view))
    .join("\n");
}

/** One line of text as lines of at most `width` columns. */
export function foldLine(line: string, { width, command }: FoldView): string[] {
  if (wide(line) <= width) return [line];
  const label = labelOf(line);
  const indent = indentOf(line);
  if (label !== undefined && wide(label) > width / 2) {
    // No room beside it: what is labelled stands below.
    const below = " ".repeat(indent + HANG) + line.slice(label.length);
    return [label.trimEnd(), ...foldLine(below, { width, ...(command && { command }) })];
  }
  const hang = label === undefined ? Math.max(HANG, indent + 2) : wide(label);
  const lines: string[] = [];
  let open = "";
  for (const { gap, unit } of unitsOf(line, command?.() ?? "openclaw")) {
    const longer = open + gap + unit;
    if (open.trim() === "" || wide(longer) <= width) {
      open = longer;
      continue;
    }
    lines.push(open);
    // What would fit without its indent is given less of it.
    open = " ".repeat(Math.max(0, Math.min(hang, width - wide(unit)))) + unit;
  }
  return open.trim() === "" ? lines : [...lines, open];
}

function wide(text: string): number {
  return textWidth(text.replace(COLOUR, ""));
}

/** The start of a line in a list of labels, up to its value: `  Page         `. */
function labelOf(line: string): string | undefined {
  return /^ *\S.*? {2,}(?=\S)/.exec(line)?.[0];
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

interface Unit {
  /** The blanks before the unit, left out where the line is broken. */
  readonly gap: string;
  readonly unit: string;
}

/** The parts that a line may be broken between. */
function unitsOf(line: string, command: string): Unit[] {
  const units: Unit[] = [];
  const commands = commandPattern(command);
  for (let at = 0; at < line.length; ) {
    const gap = /^ */.exec(line.slice(at))?.[0] ?? "";
    const start = at + gap.length;
    commands.lastIndex = start;
    const unit = commands.exec(line)?.[0] ?? /^\S*/.exec(line.slice(start))?.[0] ?? "";
    if (gap === "" && unit === "") break;
    units.push({ gap, unit });
    at = start + unit.length;
  }
  return units;
}

/** Behind a colon a command goes on to a remark in brackets; within a sentence, as far as it looks like one. */
function commandPattern(command: string): RegExp {
  const ours = command.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const alone = `(?<=(?:^ *|: |: \\u001b\\[\\d+m))(?:${ours}|${PROGRAMS}) (?! ).*?(?= \\(|;(?: |$)|\\.$|${FACT}|$)`;
  const word = `(?:--?[a-z]\\S*|[A-Z<'"…][^\\s]*|\\S*[\\d/.:@=]\\S*)`;
  const within = `(?:sudo )?(?:${ours}|openclaw)(?: [a-z][a-z-]+){1,2}(?: ${word})*`;
  return new RegExp(`${alone}|${within}`, "y");
}
