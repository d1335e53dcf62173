// The page that a run leaves: what works, what does not, and why.

/**
 * What a row can come to. `refused` is what a row is expected to be whose command cannot work here and
 * is refused in words that the row looks for; it counts as not working.
 *
 * @typedef {"works" | "differs" | "fails"} Outcome
 *
 * @typedef {object} Result
 * @property {string} area      heading that the row stands under
 * @property {string} name      what was run
 * @property {string} judged    what had to be seen for it to count as working
 * @property {boolean} passed   whether that was seen
 * @property {string} [error]   what was seen instead
 * @property {Outcome | "refused"} expected
 * @property {string} [why]     of a row that is not expected to work just so
 *
 * @typedef {object} Versions
 * @property {string} date
 * @property {string} gateway
 * @property {readonly string[]} theirs   such as `openclaw 2026.9.6`
 */

const words = { works: "works", differs: "works, with a difference", fails: "does not work" };

/** What a row came to. @param {Result} result @returns {Outcome} */
export function outcome({ passed, expected }) {
  if (!passed || expected === "refused") return "fails";
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
    "Written by `bash scripts/compat.sh`, which runs the programs below against a fresh gateway and looks at what they print, not at their exit codes alone. The reference client `@openclaw/gateway-client` is in the [tests](../test/e2e/reference-client.test.ts).",
    "",
    `Last run: ${date}, gateway ${gateway}, with ${theirs.join(", ")}. ${count("works")} work, ${count("differs")} work with a difference, ${count("fails")} do not work.`,
    "",
    ...sections,
  ].join("\n");
}

/** @param {Result} result */
function tableRow(result) {
  const kind = outcome(result);
  const { name, judged, why } = result;
  const known = `${judged}. ${why}`;
  const seen = { works: judged, differs: known, fails: notWorking(result, known) }[kind];
  return `| \`${cell(name)}\` | ${words[kind]} | ${cell(seen)} |`;
}

/** @param {Result} result @param {string} known */
function notWorking({ passed, expected, why, error = "" }, known) {
  if (passed) return known;
  return (expected === "fails" ? why : error) ?? "";
}

/** Text that stays one cell. @param {string} text */
function cell(text) {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").trim();
}
