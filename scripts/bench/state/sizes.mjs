// The sizes of state that are measured.

/** @typedef {{ id: string, devices: number, words: string }} Size */

/** @type {readonly Size[]} */
export const sizes = [
  { id: "100", devices: 100, words: "100 devices" },
  { id: "10k", devices: 10_000, words: "10,000 devices" },
  { id: "100k", devices: 100_000, words: "100,000 devices" },
];

/** Requests that wait: as many as a gateway keeps. */
export const REQUESTS = 256;

/**
 * A row for each size.
 * @param {string} id @param {string} title
 * @param {Pick<import("../result.mjs").Row, "unit">} more
 * @returns {import("../result.mjs").Row[]}
 */
export function perSize(id, title, more) {
  return sizes.map((size) => ({
    id: `${id}-${size.id}`,
    title: `${title}, ${size.words}`,
    ...more,
  }));
}

/** The sizes that any of the wanted rows is about. @param {readonly { id: string }[]} rows */
export function sizesOf(rows) {
  return sizes.filter((size) => rows.some(({ id }) => id.endsWith(`-${size.id}`)));
}
