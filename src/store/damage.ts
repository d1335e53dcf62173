import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { type FileSystem, replaceFile } from "../lib/atomic-file.ts";
import type { World } from "../lib/world.ts";
import { StoreError } from "./errors.ts";

/** A state file that does not say what was written into it. `line` counts from 1. */
export class Damage extends Error {
  readonly file: string;
  readonly line: number | undefined;
  readonly found: string;

  constructor(where: { file: string; line?: number }, found: string) {
    super(`${where.file}: ${found}`);
    this.name = "Damage";
    this.file = where.file;
    this.line = where.line;
    this.found = found;
  }
}

/**
 * Keeps a copy of a damaged file as `<file>.damaged-<time>` and returns the error that refuses to
 * open it. The file itself stays, so that the next start refuses as well. A supervisor may restart
 * us for hours: an equal copy that exists already is named instead of made again.
 */
export async function quarantine(
  damage: Damage,
  outside: { fs: FileSystem; world: World },
): Promise<StoreError> {
  const where = damage.line === undefined ? "" : `line ${damage.line}: `;
  const copy = await keepCopy(damage.file, outside).catch(() => undefined);
  const kept = copy ? ` (a copy is kept as ${basename(copy)})` : "";
  return new StoreError("STORE_DAMAGED", {
    folder: dirname(damage.file),
    file: damage.file,
    detail: `${where}${damage.found}${kept}`,
    cause: damage,
  });
}

async function keepCopy(
  file: string,
  { fs, world }: { fs: FileSystem; world: World },
): Promise<string | undefined> {
  const folder = dirname(file);
  const prefix = `${basename(file)}.damaged-`;
  const bytes = await fs.readFile(file);
  const digest = sha256(bytes);
  for (const name of await fs.list(folder)) {
    if (!name.startsWith(prefix)) continue;
    if (sha256(await fs.readFile(join(folder, name))) === digest) return join(folder, name);
  }
  const time = new Date(world.now()).toISOString().replace(/[-:]|\.\d+/g, "");
  const copy = join(folder, `${prefix}${time}`);
  await replaceFile(copy, [bytes], { fs, world });
  return copy;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
