// What a release is built for, and the Node.js that goes with it.

/**
 * @typedef {object} Target
 * @property {string} name such as `x64-glibc-2.38`
 * @property {"x64" | "arm64"} arch as Node.js calls it
 * @property {string} glibc the oldest GNU C library that everything in it runs on
 * @property {string} node exact version of Node.js
 * @property {number} abi what the names of native modules for that Node.js carry
 */

/**
 * The WebSocket server's binaries for Node.js 22 and newer were linked against glibc 2.38 (Debian 13,
 * Ubuntu 24.04). Older systems get Node.js 20, the last whose binary runs there; Node.js 20 itself
 * needs 2.28.
 */
const lines = [
  { glibc: "2.38", node: "24.21.0", abi: 137 },
  { glibc: "2.28", node: "20.20.2", abi: 115 },
];

/** @type {readonly Target[]} */
export const targets = ["x64", "arm64"].flatMap((arch) =>
  lines.map((line) => ({ name: `${arch}-glibc-${line.glibc}`, arch, ...line })),
);

/** The named targets, all where none is named. Throws on a name that is none. */
export function chosenTargets(names) {
  const unknown = names.filter((name) => !targets.some((target) => target.name === name));
  if (unknown.length > 0) {
    const known = targets.map(({ name }) => name).join(", ");
    throw new Error(`no such target: ${unknown.join(", ")}; there are: ${known}`);
  }
  return targets.filter(({ name }) => names.length === 0 || names.includes(name));
}
