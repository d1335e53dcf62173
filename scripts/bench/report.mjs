// Prints what was measured: every row as it comes, and the budgets at the end.

/**
 * @typedef {import("./result.mjs").Result} Result
 * @typedef {import("./stats.mjs").Spread} Spread
 */

/** Three digits that mean something. */
function number(/** @type {number} */ value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function range(/** @type {Spread} */ s) {
  return `${number(s.median)} (${number(s.q1)}–${number(s.q3)})`;
}

/** @param {readonly (readonly string[])[]} lines the first is the heading */
function table(lines) {
  const widths = (lines[0] ?? []).map((_, at) => {
    return Math.max(...lines.map((line) => line[at]?.length ?? 0));
  });
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Every row with its spread and its control. @param {readonly Result[]} results */
export function rowsTable(results) {
  const heading = ["row", "unit", "n", "rounds", "floor", "gateway", "ratio", "control"];
  const lines = results.map((r) => [
    r.title,
    r.unit,
    String(r.n),
    String(r.ours.rounds),
    range(r.floor),
    range(r.ours),
    `${r.ratio.toFixed(2)}×`,
    `+${number(r.control.added)} of ${r.control.expected}: ${r.control.noticed ? "noticed" : "MISSED"}`,
  ]);
  return table([heading, ...lines]);
}

/** The budgets of the design page. @param {readonly Result[]} results */
export function budgetsTable(results) {
  const heading = ["budget", "value", "at most", "to the floor", "verdict"];
  const lines = results.flatMap((r) => {
    if (!r.budget) return [];
    const { limit, kept, missedBy } = r.budget;
    const percent = ((missedBy / limit) * 100).toFixed(0);
    return [
      [
        r.title,
        `${number(r.ours.median)} ${r.unit}`,
        `${limit} ${r.unit}`,
        `${r.ratio.toFixed(2)}×`,
        kept ? "kept" : `missed by ${number(missedBy)} ${r.unit} (${percent} %)`,
      ],
    ];
  });
  return table([heading, ...lines]);
}
