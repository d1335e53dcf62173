import type { CrowdReport } from "./report.ts";

/** One offence as the well-behaved saw it. */
export interface Row {
  readonly offence: string;
  readonly before: CrowdReport;
  readonly during: CrowdReport;
  readonly after: CrowdReport;
  /** What the offender got. */
  readonly outcome: string;
}

const HEAD = [
  "offence",
  "p50 before/during/after ms",
  "p99 before/during/after ms",
  "approval p50 (max) before",
  "during",
  "offender got",
];

/** All rows as one table, in milliseconds. */
export function table(rows: readonly Row[]): string {
  const cells = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? "").length)));
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cellsOf({ offence, before, during, after, outcome }: Row): string[] {
  const three = (pick: (report: CrowdReport) => number) =>
    [before, during, after].map((report) => pick(report).toFixed(1)).join(" / ");
  const approval = (r: CrowdReport) => `${r.approvalP50.toFixed(1)} (${r.approvalMax.toFixed(1)})`;
  return [
    offence,
    three(({ p50 }) => p50),
    three(({ p99 }) => p99),
    approval(before),
    approval(during),
    outcome,
  ];
}
