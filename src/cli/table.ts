import { padText, textWidth, wrapText } from "../lib/width.ts";

export interface Column {
  readonly title: string;
  /** Never narrower than its longest line: codes and ids are copied. */
  readonly fixed?: boolean;
  /** Share of the room that is left, compared with other columns. */
  readonly share?: number;
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
const NARROWEST = 8;

type Row = readonly Cell[];

/** The table as lines, title first. A cell that does not fit is wrapped, never cut. */
export function table(layout: TableLayout): string[] {
  return growingTable(layout)(layout.rows);
}

/**
 * A table whose rows come in parts: the widths are those that suit `layout.rows`, and the first part
 * is printed below the title.
 */
export function growingTable(layout: TableLayout): (rows: readonly Row[]) => string[] {
  const widths = columnWidths(layout);
  let before: readonly Row[] = [layout.columns.map(({ title }) => [title])];
  return (rows) => {
    const lines = [...before, ...rows].flatMap((row) => rowLines(row, widths));
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

function columnWidths({ columns, rows, width }: TableLayout): number[] {
  const natural = columns.map(({ title }, i) => {
    let widest = textWidth(title);
    for (const row of rows) {
      for (const line of row[i] ?? []) widest = Math.max(widest, textWidth(line));
    }
    return widest;
  });
  const room = width - INDENT.length - GAP.length * (columns.length - 1);
  const fixed = columns.reduce((sum, { fixed: f }, i) => sum + (f ? (natural[i] ?? 0) : 0), 0);
  return share(columns, natural, room - fixed);
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
      for (const i of open) widths[i] = Math.max(NARROWEST, part(i));
      break;
    }
    left -= content.reduce((sum, i) => sum + (natural[i] ?? 0), 0);
    open = open.filter((i) => !content.includes(i));
  }
  return widths;
}
