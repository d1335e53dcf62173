import { chmod, mkdtemp, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WriteFile } from "../../src/config/edit-file.ts";
import { HANG_MS } from "../kit/until.ts";

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "config-test-"));
}

/** Replaces by rename, as the real writer does, without its durability. */
export const replaceFile: WriteFile = async (path, text, identity) => {
  await writeFile(`${path}.new`, text, { mode: identity?.mode ?? 0o600 });
  if (identity) await chmod(`${path}.new`, identity.mode);
  await rename(`${path}.new`, path);
  return "replaced";
};

/** Resolves once `done()` holds; real file events have no fake. */
export async function until(done: () => boolean, ms = HANG_MS): Promise<void> {
  const end = Date.now() + ms;
  while (!done()) {
    if (Date.now() > end) throw new Error("gave up waiting");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
