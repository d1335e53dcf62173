// Where a run keeps what it makes: a folder of its own, and its like in memory.
import { access, constants, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

const MEMORY = "/dev/shm";

/** The folder of a run. */
export function makeFolder() {
  return mkdtemp(join(tmpdir(), "gateway-bench-"));
}

/**
 * The like of `folder`, which is in the folder of a run, on a file system in memory. Where there is
 * none, `folder` itself.
 * @param {string} folder
 */
export async function memoryFolder(folder) {
  const inMemory = join(MEMORY, basename(dirname(folder)), basename(folder));
  try {
    await access(MEMORY, constants.W_OK);
    await mkdir(inMemory, { recursive: true, mode: 0o700 });
    return inMemory;
  } catch {
    return folder;
  }
}

/** Removes the folder of a run with all that is in it. @param {string} folder */
export async function removeFolder(folder) {
  await rm(folder, { recursive: true, force: true });
  await rm(join(MEMORY, basename(folder)), { recursive: true, force: true });
}
