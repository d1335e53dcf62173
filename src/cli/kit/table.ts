import { padText, textWidth, wrapText } from "../../lib/width.ts";
import { foldLine } from "../../words/fold.ts";

export interface Column {
  readonly title: string;
  /** Never narrower than its longest line: codes and ids are copied. */
  readonly fixed?: boolean;
  /** Share of the room that is left, compared with other columns. */
  readonly share?: number;
  /** Has no column: its lines stand below the row, where one is not broken that is compared, such as a key. */
  readonly below?: boolean;
}

/** A cell is one or more lines, each without control characters. */
export type Cell = readonly string[];

export interface TableLayout {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Columns of the terminal. */
  readonly width: number;
}

const INDENT = "  ";
const GAP = "  ";
/** Where a column would break words of up to so many characters, columns are no help: rows become blocks. */
const WORD = 16;

type Row = readonly Cell[];

/**
 * The table as lines, title first. A cell that does not fit is wrapped, never cut. It is ours because
 * the packages for tables are told widths instead of sharing out the terminal's, break codes and
 * keys as any word, and have no other form where columns don't fit.
 */
export function table(layout: TableLayout): string[] {
  return growingTable(layout)(layout.rows);
}

/**
 * A table whose rows come in parts: the widths are those that suit `layout.rows`, and the first part
 * is printed below the title.
 */
export function growingTable(layout: TableLayout): (rows: readonly Row[]) => string[] {
  const widths = columnWidths(layout);
  if (!widths) return blocks(layout);
  const { columns, width } = layout;
  const inLine = columns.flatMap(({ below }, i) => (below ? [] : [i]));
  let before: readonly Row[] = [columns.map(({ title, below }) => (below ? [] : [title]))];
  return (rows) => {
    const lines = [...before, ...rows].flatMap((row) => [
      ...rowLines(
        inLine.map((i) => row[i] ?? []),
        widths,
      ),
      ...belowLines(row, { columns, width, indent: INDENT.length + (widths[0] ?? 0) + GAP.length }),
    ]);
    before = [];
    return lines;
  };
}

function rowLines(row: Row, widths: readonly number[]): string[] {
  const cells = widths.map((width, i) => (row[i] ?? []).flatMap((line) => wrapText(line, width)));
  const height = Math.max(1, ...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, y) => {
    const parts = cells.map((cell, i) => padText(cell[y] ?? "", widths[i] ?? 0));
    return (INDENT + parts.join(GAP)).trimEnd();
  });
}

/** What stands below a row, under its second column, each with its title: `key zone-loud-…`. */
function belowLines(
  row: Row,
  { columns, width, indent }: { columns: readonly Column[]; width: number; indent: number },
): string[] {
  return columns.flatMap(({ title, below }, i) => {
    const lines = below ? (row[i] ?? []) : [];
    const words = lines.map((line) => `${" ".repeat(indent)}${title.toLowerCase()} ${line}`);
    return words.flatMap((line) => foldLine(line, { width }));
  });
}

/** For terminals too narrow for columns: every row a block of `Label: value`, with a line between. */
function blocks({ columns, width }: TableLayout): (rows: readonly Row[]) => string[] {
  let first = true;
  return (rows) =>
    rows.flatMap((row) => {
      const block = columns.flatMap(({ title, fixed, below }, i) => {
        const lines = labelled(title, row[i] ?? []);
        const folded = lines.flatMap((line) => foldLine(line, { width }));
        // What is copied or compared stays whole, whatever its length.
        return fixed || below ? folded : folded.flatMap((line) => cutLine(line, width));
      });
      if (!first) return ["", ...block];
      first = false;
      return block;
    });
}

/** A word that is too wide for the terminal, in pieces. */
function cutLine(line: string, width: number): string[] {
  return textWidth(line) <= width ? [line] : wrapText(line.trimStart(), width);
}

function labelled(title: string, [first, ...more]: Cell): string[] {
  if (first === undefined) return [];
  const label = title === "ID" ? title : title.slice(0, 1) + title.slice(1).toLowerCase();
  return [`${INDENT}${label}: ${first}`, ...more.map((line) => `${INDENT}${INDENT}${line}`)];
}

/** `undefined` where the terminal is too narrow for them. */
function columnWidths({ columns: all, rows, width }: TableLayout): number[] | undefined {
  const columns = all.filter(({ below }) => !below);
  const texts = all.flatMap(({ title, below }, i) => {
    return below ? [] : [[title, ...rows.flatMap((row) => row[i] ?? [])]];
  });
  const natural = texts.map(widest);
  const room = width - INDENT.length - GAP.length * (columns.length - 1);
  const fixed = columns.reduce((sum, { fixed: f }, i) => sum + (f ? (natural[i] ?? 0) : 0), 0);
  const widths = share(columns, natural, room - fixed);
  const squeezed = widths.some((column, i) => {
    const words = (texts[i] ?? []).flatMap((text) => text.split(" "));
    return column < widest(words.filter((word) => textWidth(word) <= WORD));
  });
  const sum = widths.reduce((a, b) => a + b, 0);
  return squeezed || sum > room ? undefined : widths;
}

/** A list may be long: its texts are not spread into arguments. */
function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, textWidth(text)), 0);
}

/** Gives every column what it needs where that is less than its share, and shares out the rest. */
function share(columns: readonly Column[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  let open = columns.flatMap(({ fixed }, i) => (fixed ? [] : [i]));
  let left = room;
  while (open.length > 0) {
    const weight = open.reduce((sum, i) => sum + (columns[i]?.share ?? 1), 0);
    const part = (i: number) => Math.floor((left * (columns[i]?.share ?? 1)) / weight);
    const content = open.filter((i) => (natural[i] ?? 0) <= part(i));
    if (content.length === 0) {
      for (const i of open) widths[i] = Math.max(0, part(i));
      break;
    }
    left -= content.reduce((sum, i) => sum + (natural[i] ?? 0), 0);
    open = open.filter((i) => !content.includes(i));
  }
  return widths;
}
