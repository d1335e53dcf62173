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

/**
 * The budgets of the design page. They are ratios at heart: where the floor itself is dearer here than
 * on the machine they were written on, that much more is allowed, and the verdict says `kept here`.
 * @param {readonly Result[]} results
 */
export function budgetsTable(results) {
  const heading = ["budget", "value", "at most", "to the floor", "machine", "verdict"];
  const lines = results.flatMap((r) => {
    if (!r.budget) return [];
    const { value, unit, limit, machine, verdict, missedBy } = r.budget;
    const percent = ((missedBy / (limit * Math.max(1, machine))) * 100).toFixed(0);
    return [
      [
        r.title,
        `${number(value)} ${unit}`,
        `${limit} ${unit}`,
        `${r.ratio.toFixed(2)}×`,
        machine === 1 ? "-" : `${machine.toFixed(2)}×`,
        verdict === "missed" ? `missed by ${number(missedBy)} ${unit} (${percent} %)` : verdict,
      ],
    ];
  });
  return table([heading, ...lines]);
}
