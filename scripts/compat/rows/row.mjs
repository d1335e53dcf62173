/**
 * @typedef {object} Row
 * @property {string} area     heading that it stands under
 * @property {string} name     what is run, as a person would type it
 * @property {string} judged   what has to be seen for it to count as working
 * @property {(stage: import("../stage.mjs").Stage) => Promise<unknown>} run   throws what was seen instead
 */

/** Rows of one area. @param {string} area @param {readonly [string, string, Row["run"]][]} rows @returns {Row[]} */
export const inArea = (area, rows) =>
  rows.map(([name, judged, run]) => ({ area, name, judged, run }));
