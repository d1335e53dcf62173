// Small numbers: what a row says about its samples.

/**
 * @typedef {{ rounds: number, median: number, q1: number, q3: number, min: number, max: number }} Spread
 */

/** @param {readonly number[]} values @returns {number} */
export function median(values) {
  return quantile(values, 0.5);
}

/** @param {readonly number[]} values @param {number} q */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** @param {readonly number[]} values @returns {Spread} */
export function spread(values) {
  return {
    rounds: values.length,
    median: median(values),
    q1: quantile(values, 0.25),
    q3: quantile(values, 0.75),
    min: Math.min(...values),
    max: Math.max(...values),
  };
}

/** The median of what `b` has more than `a`, round by round: noise that lasts hits both alike. */
export function medianDifference(
  /** @type {readonly number[]} */ a,
  /** @type {readonly number[]} */ b,
) {
  return median(b.map((value, index) => value - (a[index] ?? Number.NaN)));
}
