// Archives whose bytes depend on their contents alone.
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { run } from "./command.mjs";

/** What would differ between machines and moments is fixed: order, owners, times, modes, locale. */
const same = [
  "--sort=name",
  "--owner=0",
  "--group=0",
  "--numeric-owner",
  "--mode=u=rwX,go=rX",
  "--format=ustar",
];

/**
 * Packs everything in `folder` as `file`, compressed where its name ends in `.gz`.
 * @param {{ folder: string, file: string, seconds: number }} what `seconds`: the time that all entries carry
 */
export async function pack({ folder, file, seconds }) {
  const names = (await run("ls", ["-A", folder])).split("\n").filter(Boolean).sort();
  const times = [`--mtime=@${seconds}`];
  const how = file.endsWith(".gz") ? ["--use-compress-program=gzip -n -6"] : [];
  await run("tar", [...same, ...times, ...how, "-cf", file, "-C", folder, ...names], {
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
}

/** Name, SHA-256 and length of a file. */
export async function facts(file) {
  const bytes = await readFile(file);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { name: basename(file), sha256, length: (await stat(file)).size };
}
