// Rows that are known not to work, or to work with a difference, and why. All others are expected to
// work: a run in which one does not ends with exit code 1, and so does one in which a row below that
// is expected to fail works.

/** @type {Record<string, { outcome: "differs" | "fails", why: string }>} */
export const expectations = {};
