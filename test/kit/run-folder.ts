import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const NAME = "TEST_RUN_FOLDER";

/** Before the first test file of a run: a folder that all its files share. Resolves with what takes it away. */
export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "test-run-"));
  process.env[NAME] = folder;
  return () => rm(folder, { recursive: true, force: true });
}

/** The folder that the test files of this run share; it goes when the run ends. */
export function runFolder(): string {
  const folder = process.env[NAME];
  if (!folder) throw new Error("this test file has no folder of its run: its project needs one");
  return folder;
}
