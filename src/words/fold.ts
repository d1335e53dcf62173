import { textWidth } from "../lib/width.ts";
import { type Calls, commandText } from "../protocol/command.ts";
import { partsOf, type Text } from "../protocol/text.ts";

/** How wide the terminal is and how our own program is called there. */
export interface FoldView {
  /** Columns; `Infinity` where the output is no terminal, and nothing is wrapped. */
  readonly width: number;
  readonly calls?: Calls;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours take no room
const COLOUR = /\u001b\[[\d;]*m/g;

/** Further lines stand deeper than the lines of a message, which have two columns at most. */
const HANG = 4;

/** Blanks that end a label: what stands behind them is its value. */
const LABEL_GAP = "  ";

/**
 * `text` with every line that is wider than the terminal broken between words, and what goes on indented.
 * A command stays in one piece, as every word does (links, codes, keys): one that is wider than the
 * terminal goes over its edge on a line of its own, where the terminal still copies it whole.
 */
export function foldText(text: Text, view: FoldView): string {
  return linesOf(text, view)
    .flatMap((line) => foldUnits(line, view.width))
    .join("\n");
}

/** One line of text as lines of at most `width` columns. */
export function foldLine(text: Text, view: FoldView): string[] {
  return linesOf(text, view).flatMap((line) => foldUnits(line, view.width));
}

interface Unit {
  /** The blanks before the unit, left out where the line is broken. */
  readonly gap: string;
  readonly unit: string;
}

/** The lines of a text, each as the parts that it may be broken between. */
function linesOf(text: Text, { calls }: FoldView): Unit[][] {
  let line: Unit[] = [];
  const lines = [line];
  let gap = "";
  /** Whether what comes next goes on with the unit before: there is no blank between them. */
  let open = false;
  const add = (piece: string) => {
    const last = line.at(-1);
    if (open && last) line[line.length - 1] = { gap: last.gap, unit: last.unit + piece };
    else line.push({ gap, unit: piece });
    gap = "";
    open = true;
  };
  for (const part of partsOf(text)) {
    if (typeof part !== "string") {
      add(commandText(part, calls));
      continue;
    }
    for (const [i, row] of part.split("\n").entries()) {
      if (i > 0) {
        line = [];
        lines.push(line);
        gap = "";
        open = false;
      }
      for (const [j, word] of row.split(" ").entries()) {
        if (j > 0) {
          gap = open ? " " : `${gap} `;
          open = false;
        }
        if (word !== "") add(word);
      }
      // A question ends with a blank, which is kept.
      if (!open && gap !== "") add("");
    }
  }
  return lines;
}

function foldUnits(units: readonly Unit[], width: number): string[] {
  const whole = textOf(units);
  if (wide(whole) <= width) return [whole];
  const indent = units[0]?.gap.length ?? 0;
  const label = labelOf(units);
  const labelText = textOf(label);
  const value = units.slice(label.length);
  if (label.length > 0 && wide(labelText) + (value[0]?.gap.length ?? 0) > width / 2) {
    // No room beside it: what is labelled stands below.
    const [first, ...more] = value;
    const below = first ? [{ gap: " ".repeat(indent + HANG), unit: first.unit }, ...more] : [];
    return [labelText, ...foldUnits(below, width)];
  }
  const beside = wide(labelText) + (value[0]?.gap.length ?? 0);
  const hang = label.length === 0 ? Math.max(HANG, indent + 2) : beside;
  const lines: string[] = [];
  let open = "";
  for (const { gap, unit } of units) {
    const longer = open + gap + unit;
    if (open === "" || wide(longer) <= width) {
      open = longer;
      continue;
    }
    // Blanks at the end of a line, for which there is no room.
    if (unit === "") continue;
    lines.push(open);
    // What would fit without its indent is given less of it.
    open = " ".repeat(Math.max(0, Math.min(hang, width - wide(unit)))) + unit;
  }
  return open === "" ? lines : [...lines, open];
}

function textOf(units: readonly Unit[]): string {
  return units.map(({ gap, unit }) => gap + unit).join("");
}

function wide(text: string): number {
  return textWidth(text.replace(COLOUR, ""));
}

/** What stands before the value in a list of labels: `  Page` of `  Page         https://…`. */
function labelOf(units: readonly Unit[]): readonly Unit[] {
  const value = units.findIndex(
    ({ gap, unit }, i) => i > 0 && unit !== "" && gap.startsWith(LABEL_GAP),
  );
  return value < 0 ? [] : units.slice(0, value);
}
