import { execFileSync } from "node:child_process";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemWorld } from "../../src/lib/world.ts";
import { openDocument } from "../../src/store/document.ts";
import { scratch } from "../store/support/bundle.ts";
import { tallyShape } from "../store/support/shapes.ts";

const base = await scratch();
const disk = join(base, "disk");

/** A real, small file system; needs the right to mount one. */
function mountSmall(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", disk], {
      stdio: "ignore",
    });
    return true;
  } catch {
    return false;
  }
}

await mkdir(disk);
const mounted = mountSmall();
if (!mounted) await rm(base, { recursive: true });

describe.skipIf(!mounted)("on a disk that is really full", () => {
  const folder = join(disk, "state");
  const filler = join(disk, "filler");
  const open = () => openDocument(tallyShape, { folder, world: systemWorld });

  beforeAll(() => mkdir(folder, { mode: 0o700 }));
  afterAll(async () => {
    execFileSync("umount", [disk]);
    await rm(base, { recursive: true });
  });

  test("commits are refused, a revocation becomes durable, and all goes on with space", async () => {
    const document = await open();
    // Enough to fill the last block of the journal, so that every further commit needs a new one.
    await document.commit([{ add: 1, padding: "x".repeat(4_000) }]);
    await writeFile(filler, Buffer.alloc(2 ** 20)).catch(() => undefined);
    const large = { add: 2, padding: "x".repeat(8_000) };
    await expect(document.commit([large])).rejects.toMatchObject({ code: "STORE_DISK_FULL" });
    await expect(document.commit([large])).rejects.toMatchObject({ uncertain: false });
    expect(await document.commit([{ ...large, add: 3 }], { urgent: true })).toEqual({
      durable: true,
    });
    await expect(stat(join(folder, "tally.reserve"))).rejects.toThrow();
    expect(document.durable.ids).toEqual([1, 3]);
    await rm(filler);
    await document.commit([{ add: 4 }]);
    await document.close();
    const again = await open();
    expect(again.durable.ids).toEqual([1, 3, 4]);
    expect(again.stats.tornBytes).toBe(0);
    await again.close();
  });
});
