// The page that a run leaves: what works, what does not, and why.

/**
 * @typedef {"works" | "differs" | "fails"} Outcome
 *
 * @typedef {object} Result
 * @property {string} area      heading that the row stands under
 * @property {string} name      what was run
 * @property {string} judged    what had to be seen for it to count as working
 * @property {boolean} passed   whether that was seen
 * @property {string} [error]   what was seen instead
 * @property {Outcome} expected
 * @property {string} [why]     of a row that is expected to differ or to fail
 *
 * @typedef {object} Versions
 * @property {string} date
 * @property {string} gateway
 * @property {readonly string[]} theirs   such as `openclaw 2026.9.6`
 */

const words = { works: "works", differs: "works, with a difference", fails: "does not work" };

/** What a row came to. @param {Result} result @returns {Outcome} */
export function outcome({ passed, expected }) {
  if (!passed) return "fails";
  return expected === "differs" ? "differs" : "works";
}

/** Why a run is not as it should be; undefined when it is. @param {Result} result */
export function surprise({ name, passed, expected, error }) {
  if (!passed && expected !== "fails") return `${name}: ${error}`;
  if (passed && expected === "fails") {
    return `${name} works now: take it out of scripts/compat/expectations.mjs`;
  }
  return undefined;
}

/** @param {readonly Result[]} results @param {Versions} versions */
export function compatibilityPage(results, { date, gateway, theirs }) {
  const count = (/** @type {Outcome} */ kind) =>
    results.filter((result) => outcome(result) === kind).length;
  const areas = [...new Set(results.map(({ area }) => area))];
  const sections = areas.flatMap((area) => [
    `## ${area}`,
    "",
    "| what was run | result | what was seen, or why not |",
    "|---|---|---|",
    ...results.filter((result) => result.area === area).map(tableRow),
    "",
  ]);
  return [
    "# Compatibility",
    "",
    "Written by `bash scripts/compat.sh`, which runs the programs below against a fresh gateway and looks at what they print, not at their exit codes alone.",
    "",
    `Last run: ${date}, gateway ${gateway}, with ${theirs.join(", ")}. ${count("works")} work, ${count("differs")} work with a difference, ${count("fails")} do not work.`,
    "",
    ...sections,
  ].join("\n");
}

/** @param {Result} result */
function tableRow(result) {
  const kind = outcome(result);
  const { name, judged, why, error = "", expected } = result;
  const failure = expected === "fails" ? why : error;
  const seen = { works: judged, differs: `${judged}. ${why}`, fails: failure }[kind];
  return `| \`${cell(name)}\` | ${words[kind]} | ${cell(seen)} |`;
}

/** Text that stays one cell. @param {string} text */
function cell(text) {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").trim();
}
