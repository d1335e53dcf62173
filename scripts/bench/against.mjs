// Another commit's build, made beside this tree and without touching it.
import { execFileSync } from "node:child_process";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Broken } from "./processes.mjs";

/**
 * Unpacks `commit` of the repository at `root` below `folder` and builds it there by its own
 * `npm run build`. Packages are this tree's where the lock file is the same, and installed otherwise.
 * @param {string} commit  as git takes it: a hash, a branch, `HEAD~3`
 * @param {{ root: string, folder: string }} where
 * @returns {Promise<{ sources: string, dist: string, name: string }>} `name`: short hash and subject
 * @throws {Broken} when there is no such commit, or it can't be built
 */
export async function buildOf(commit, { root, folder }) {
  const git = (/** @type {string[]} */ ...args) => said("git", ["-C", root, ...args]);
  const hash = git("rev-parse", "--verify", "--quiet", "--end-of-options", `${commit}^{commit}`);
  if (!hash) throw new Broken(`no such commit here: ${commit}`);
  const name = git("log", "-1", "--format=%h %s", hash) ?? hash;
  const sources = join(folder, "sources");
  await mkdir(sources, { recursive: true });
  const archive = join(folder, "sources.tar");
  run("git", ["-C", root, "archive", "--format=tar", "--output", archive, hash]);
  run("tar", ["-xf", archive, "-C", sources]);
  if (await sameFile("package-lock.json", [root, sources])) {
    await symlink(join(root, "node_modules"), join(sources, "node_modules"));
  } else {
    // Not `ci`: the lock files of some commits leave out the packages of other platforms.
    run("npm", ["install", "--no-audit", "--no-fund"], sources);
  }
  run("npm", ["run", "build"], sources);
  return { sources, dist: join(sources, "dist"), name };
}

/** What a program prints, or nothing where it fails. @param {string} file @param {string[]} args */
function said(file, args) {
  try {
    const stdio = /** @type {const} */ (["ignore", "pipe", "ignore"]);
    return execFileSync(file, args, { encoding: "utf8", stdio: [...stdio] }).trim();
  } catch {
    return undefined;
  }
}

/** Runs a program; what it prints is told on standard error. @param {string} file @param {string[]} args @param {string} [cwd] */
function run(file, args, cwd) {
  try {
    execFileSync(file, args, { cwd, stdio: ["ignore", 2, 2] });
  } catch (error) {
    throw new Broken(`${file} ${args[0]} ${args[1]} failed: ${error}`);
  }
}

/** @param {string} name @param {readonly [string, string]} folders */
async function sameFile(name, folders) {
  const [one, other] = await Promise.all(folders.map((folder) => readFile(join(folder, name))));
  return one !== undefined && other !== undefined && one.equals(other);
}
