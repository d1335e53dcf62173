import { execFile } from "node:child_process";
import { copyFile, cp, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { publicKey, signFile } from "../../../scripts/release/manifest.mjs";
import { stageZero } from "../../../scripts/release/stage-zero.mjs";
import { runFolder } from "../../kit/run-folder.ts";
import type { VpsKind } from "../../kit/vps-base.ts";
import { root } from "../../release/support/release.ts";
import { builtFor } from "./rented.ts";

/** What a release is made of, relative to the repository. */
const INPUTS = ["src", "deploy", "scripts", "systemd", "nginx", "package.json", "README.md"];

export interface Publication {
  /** Where the folder will be asked for. */
  readonly url: string;
  /** The private half's file of the key that it is signed with. */
  readonly key: string;
  /** The machines that it is for. */
  readonly kind?: VpsKind;
}

/**
 * Publishes a release of what is checked out in `folder`, with an address and a signature of its own. What
 * takes long, its archives, is made once for all test files of a run.
 */
export async function publishRelease(folder: string, publication: Publication): Promise<void> {
  const { url, key, kind = "rented" } = publication;
  await cp(await unsigned(builtFor(kind)), folder, { recursive: true });
  const text = await stageZero({ base_url: url, public_key: await publicKey(key) });
  await writeFile(join(folder, "install.sh"), text, { mode: 0o755 });
  const [version = ""] = (await readdir(folder)).filter((name) => /^\d/.test(name));
  await signFile(join(folder, version, "manifest"), key);
  for (const name of ["manifest", "manifest.sig"]) {
    await copyFile(join(folder, version, name), join(folder, name));
  }
}

/** The folder of a release without address and signature, made by the first test file that wants it. */
async function unsigned(target: string): Promise<string> {
  const made = join(runFolder(), `${target}-${await newestInput()}`);
  const script = [
    'test ! -d "$1" || exit 0',
    'npm run -s release -- --out "$1.making" --target "$2"',
    'mv "$1.making" "$1"',
  ].join("\n");
  // The kernel gives the lock back whatever happens to its holder.
  const words = ["--close", `${made}.lock`, "sh", "-ec", script, "sh", made, target];
  await promisify(execFile)("flock", words, { cwd: root });
  return made;
}

/** When the newest file of what a release is made of was changed: a run that watches makes another one then. */
async function newestInput(): Promise<number> {
  const below = INPUTS.map(async (name) => {
    const place = join(root, name);
    const names = await readdir(place, { recursive: true }).catch(() => []);
    return Promise.all(["", ...names].map(async (file) => (await stat(join(place, file))).mtimeMs));
  });
  return Math.max(...(await Promise.all(below)).flat());
}
