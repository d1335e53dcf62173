// Which packages a release is made of, and under which licences.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { outsidePackages } from "./payload.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Licences that ask for no more than their notice. Anything else stops a release. */
const allowed = new Set([
  "MIT",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "BlueOak-1.0.0",
  "Unlicense",
]);

/** Where a package's own manifest is not the truth: this one's LICENSE file and sources say Apache. */
const corrected = { uwebsockets: "Apache-2.0" };

/**
 * Every package in the bundle or beside it, sorted by name, with its licence's text.
 * Throws on a licence that is not known to be fine.
 * @param {Iterable<string>} inputs files that went into the bundle
 */
export async function parts(inputs) {
  const folders = new Set(outsidePackages.map((name) => `node_modules/${name}`));
  for (const input of inputs) {
    const found = /(?:^|\/)(node_modules\/.*?)$/.exec(input)?.[1];
    const folder = found && /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(found)?.[1];
    if (folder) folders.add(folder);
  }
  const rows = await Promise.all([...folders].map(part));
  const bad = rows.filter(({ license }) => !allowed.has(license));
  if (bad.length > 0) {
    const names = bad.map(({ name, license }) => `${name} (${license})`).join(", ");
    throw new Error(`not fit for a release by their licences: ${names}`);
  }
  const key = ({ name, version }) => `${name} ${version}`;
  return rows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

async function part(folder) {
  const path = join(root, folder);
  const about = JSON.parse(await readFile(join(path, "package.json"), "utf8"));
  const { name, version } = about;
  const files = (await readdir(path)).filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(path, file), "utf8")));
  return {
    name,
    version,
    license: corrected[name] ?? declared(about),
    notice: texts.join("\n").trim(),
  };
}

/** Old packages name theirs in a list. */
function declared({ license, licenses }) {
  if (typeof license === "string") return license;
  return [license ?? licenses]
    .flat()
    .map((row) => row?.type ?? "none")
    .join(" AND ");
}

/** All notices as one text, for people. */
export function notices(rows, nodes) {
  const intro = "What this release contains that others wrote, with their licences.\n";
  const sections = rows.map(
    ({ name, version, license, notice }) =>
      `${"=".repeat(78)}\n${name} ${version} (${license})\n\n${notice || "(the package brings no text of its licence)"}\n`,
  );
  const node = `${"=".repeat(78)}\nNode.js ${nodes.join(", ")} (MIT, and what it contains)\n\nIts licences are in the file LICENSE of its own archive.\n`;
  return [intro, ...sections, node].join("\n");
}
