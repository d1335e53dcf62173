import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { facts, pack } from "../../../scripts/release/archive.mjs";
import { signFile } from "../../../scripts/release/manifest.mjs";
import { partsOf } from "../../release/support/release.ts";
import type { Installing } from "./installing.ts";

const exec = promisify(execFile);

/** Publishes the release that is published once more, as another version: its gateway's archive differs, Node.js does not. */
export async function publishAs(installing: Installing, version: string): Promise<void> {
  const folder = join(installing.temp, "release");
  const manifest = await readFile(join(folder, "manifest"), "utf8");
  const old = /^version (.*)$/m.exec(manifest)?.[1] ?? "";
  await rm(join(folder, version), { recursive: true, force: true });
  await cp(join(folder, old), join(folder, version), { recursive: true });
  const part = partsOf(manifest).find(({ kind }) => kind === "gateway");
  if (!part) throw new Error("the release has no gateway");
  const stage = await mkdtemp(join(installing.temp, "stage-"));
  await exec("tar", ["-xzf", join(folder, old, part.name), "-C", stage]);
  const about = join(stage, "release.json");
  await writeFile(about, (await readFile(about, "utf8")).replace(`"${old}"`, `"${version}"`));
  const name = part.name.replace(old, version);
  await rm(join(folder, version, part.name));
  await pack({ folder: stage, file: join(folder, version, name), seconds: 1_000_000_001 });
  const made = await facts(join(folder, version, name));
  const text = manifest
    .replace(`version ${old}`, `version ${version}`)
    .replace(`${part.sha256} ${part.length} ${part.name}`, `${made.sha256} ${made.length} ${name}`)
    .replace(` ${part.name}\n`, ` ${name}\n`);
  for (const at of [folder, join(folder, version)]) {
    await mkdir(at, { recursive: true });
    const file = join(at, "manifest");
    await rm(`${file}.sig`, { force: true });
    await writeFile(file, text);
    await signFile(file, installing.key);
  }
}
