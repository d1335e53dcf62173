// The floor of a commit: as many bytes appended to a file and fdatasynced, by nobody in particular.
import { open } from "node:fs/promises";
import { join } from "node:path";

/** Milliseconds of each of `count` appends of `bytes`. @param {string} folder */
export async function rawSyncs(folder, /** @type {{ bytes: number, count: number }} */ plan) {
  const file = await open(join(folder, "raw-sync"), "a");
  const line = Buffer.alloc(plan.bytes, 120);
  const times = [];
  for (let i = 0; i < plan.count; i += 1) {
    const startedAt = performance.now();
    await file.write(line);
    await file.datasync();
    times.push(performance.now() - startedAt);
  }
  await file.close();
  return times;
}
