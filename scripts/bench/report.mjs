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
 * The budgets. Floors of the same run decide; what the gateway and its floor cost here stands beside.
 * @param {readonly Result[]} results
 */
export function budgetsTable(results) {
  const heading = ["budget", "value", "at most", "gateway here", "floor here", "verdict"];
  const lines = results.flatMap((r) => {
    if (!r.budget) return [];
    const { value, unit, limit, verdict, missedBy } = r.budget;
    const amount = (/** @type {number} */ of) =>
      unit === "×" ? `${of.toFixed(2)}×` : `${number(of)} ${unit}`;
    const percent = ((missedBy / limit) * 100).toFixed(0);
    return [
      [
        r.title,
        amount(value),
        amount(limit),
        `${number(r.ours.median)} ${r.unit}`,
        `${number(r.floor.median)} ${r.unit}`,
        verdict === "missed" ? `missed by ${amount(missedBy)} (${percent} %)` : verdict,
      ],
    ];
  });
  return table([heading, ...lines]);
}

/** Every row of two builds. @param {readonly import("./compare.mjs").Compared[]} rows */
export function changesTable(rows) {
  const heading = ["row", "unit", "before", "now", "to the floor", "change", "noise", ""];
  const lines = rows.map((r) => [
    r.title,
    r.unit,
    number(r.before),
    number(r.now),
    `${(r.before / r.floor).toFixed(2)}× → ${(r.now / r.floor).toFixed(2)}×`,
    percent(r.change),
    `±${(r.noise * 100).toFixed(1)} %`,
    r.verdict === "same" ? "" : r.verdict.toUpperCase(),
  ]);
  return table([heading, ...lines]);
}

/** A row that would not show as much as this says nothing. */
const BLIND = 0.15;

/** What changed, by name, and what could not be told. @param {readonly import("./compare.mjs").Compared[]} rows */
export function changesInWords(rows) {
  const named = (/** @type {string} */ verdict) =>
    rows.filter((row) => row.verdict === verdict).map((r) => `  ${r.title} ${percent(r.change)}`);
  const [worse, better] = [named("worse"), named("better")];
  const rest = rows.filter(({ verdict }) => verdict === "same");
  const blind = rest.filter(({ noise }) => !(noise <= BLIND)).map(({ title }) => `  ${title}`);
  return [
    ...(worse.length > 0 ? ["Worse beyond the noise:", ...worse] : []),
    ...(better.length > 0 ? ["Better beyond the noise:", ...better] : []),
    `Unchanged as far as the noise lets see: ${rest.length} of ${rows.length} rows.`,
    ...(blind.length > 0 ? [`Too noisy to show a change below ${BLIND * 100} %:`, ...blind] : []),
  ].join("\n");
}

function percent(/** @type {number} */ share) {
  return `${share < 0 ? "−" : "+"}${Math.abs(share * 100).toFixed(1)} %`;
}
