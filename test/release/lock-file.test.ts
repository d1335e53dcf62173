import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";

const run = promisify(execFile);
const root = new URL("../../", import.meta.url);

interface Package {
  readonly integrity?: string;
  readonly optional?: true;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock: { packages: Record<string, Package> } = JSON.parse(
  await readFile(new URL("package-lock.json", root), "utf8"),
);
const packages = Object.entries(lock.packages);

/** Where Node.js finds `name` from the package at `path`. */
function found(path: string, name: string): string | undefined {
  for (let at = path; ; at = at.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, "")) {
    const place = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
    if (lock.packages[place]) return place;
    if (at === "") return undefined;
  }
}

test("the lock file has every package, of all platforms, with its hash", () => {
  const missing = packages.flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => found(path, name) === undefined)
      .map((name) => `${path} needs ${name}`),
  );
  expect(missing).toEqual([]);
  const bare = packages.filter(([path, { integrity }]) => path !== "" && !integrity);
  expect(bare.map(([path]) => path)).toEqual([]);
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("npm ci takes it in a fresh clone, without asking a registry what else there is", async () => {
  for (const name of ["package.json", "package-lock.json"]) {
    await copyFile(new URL(name, root), join(folder, name));
  }
  const words = ["ci", "--dry-run", "--offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  const { stdout } = await run("npm", [...words, "--cache", join(folder, "cache")], {
    cwd: folder,
  });
  expect(stdout).toMatch(/^added \d+ packages/m);
});
