import { dirname, join } from "node:path";
import { type FileSystem, replaceFile, systemFiles } from "../lib/atomic-file.ts";
import { isMixture, type Overwrite, overwriteFile } from "../lib/overwrite-file.ts";
import { systemCode } from "../lib/system-words.ts";
import type { WriteFile } from "./edit-file.ts";

/** In the state folder: what a change in place writes, while it is being written. Holds clear secrets. */
const ASIDE = "config-in-place.json";

interface Aside {
  readonly path: string;
  /** Base64. */
  readonly before: string;
  readonly after: string;
}

/** A file that is mounted by itself, or a folder in which nothing may be made. */
const NO_PLACE = new Set(["EBUSY", "EXDEV", "EACCES", "EPERM", "EROFS"]);

/**
 * How a configuration is written: durably, by another file that takes its place, with its mode and owner.
 * Where none can, its content is overwritten; a copy in `stateDir` lets the next start complete that.
 */
export function configWriter(stateDir: string, fs: FileSystem = systemFiles): WriteFile {
  return async (path, text, before) => {
    const after = Buffer.from(text);
    try {
      await replaceFile(path, [after], { identity: before, fs });
      return "replaced";
    } catch (error) {
      if (before === undefined || !NO_PLACE.has(systemCode(error) ?? "")) throw error;
    }
    const overwrite = { before: Buffer.from(before.text), after };
    const aside = join(stateDir, ASIDE);
    await replaceFile(aside, [Buffer.from(asideText(path, overwrite))], { fs });
    try {
      await overwriteFile(path, overwrite, fs);
    } finally {
      // Where not even the old content could be written back, the copy is all there is.
      const found = await fs.readFile(path).catch(() => undefined);
      if (found && !isMixture(found, overwrite)) await remove(aside, fs).catch(() => undefined);
    }
    return "in place";
  };
}

/** Whether a change in place may have been cut short, so that {@link completeWrite} has to look. */
export function isCutShort(stateDir: string, fs: FileSystem = systemFiles): Promise<boolean> {
  return fs.facts(join(stateDir, ASIDE)).then(
    () => true,
    () => false,
  );
}

/**
 * Completes a change in place that a crash cut short, where the file is what that left; what a person
 * wrote since stays. Only the holder of the writer's lock may call it.
 * @throws Error of the file system
 */
export async function completeWrite(stateDir: string, fs: FileSystem = systemFiles): Promise<void> {
  const aside = join(stateDir, ASIDE);
  const kept = readAside(await fs.readFile(aside));
  if (kept) {
    const { path, overwrite } = kept;
    const found = await fs.readFile(path).catch(() => undefined);
    if (found && isMixture(found, overwrite)) {
      await overwriteFile(path, { before: found, after: overwrite.after }, fs);
    }
  }
  await remove(aside, fs);
}

async function remove(path: string, fs: FileSystem): Promise<void> {
  await fs.unlink(path);
  await fs.syncFolder(dirname(path));
}

function asideText(path: string, { before, after }: Overwrite): string {
  const kept: Aside = {
    path,
    before: before.toString("base64"),
    after: after.toString("base64"),
  };
  return JSON.stringify(kept);
}

/** `undefined` for what is no such copy. */
function readAside(bytes: Buffer): { path: string; overwrite: Overwrite } | undefined {
  try {
    const { path, before, after }: Aside = JSON.parse(bytes.toString("utf8"));
    const overwrite = {
      before: Buffer.from(before, "base64"),
      after: Buffer.from(after, "base64"),
    };
    return { path, overwrite };
  } catch {
    return undefined;
  }
}
