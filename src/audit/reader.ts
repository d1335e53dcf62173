import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemWorld } from "../lib/world.ts";
import { inSlices } from "../store/slices.ts";
import { type AuditLine, isLine } from "./chain.ts";
import { auditFiles, parse, wholeLines } from "./files.ts";
import type { Trail } from "./trail.ts";
import { AuditCheck, type AuditVerdict } from "./verify.ts";

export interface ReadOptions {
  /** Wall clock: only what happened at or after this. */
  readonly sinceMs?: number;
  /** The newest so many. */
  readonly limit: number;
}

/** The newest lines, oldest first, from the files and from what is still on its way to them. */
export async function readAudit(
  folder: string,
  trail: Trail,
  { sinceMs = 0, limit }: ReadOptions,
): Promise<AuditLine[]> {
  const found: AuditLine[] = [];
  const take = (lines: readonly AuditLine[]) => {
    const wanted = lines.filter(({ ts }) => ts >= sinceMs);
    found.unshift(...wanted.slice(-(limit - found.length)));
  };
  const names = await auditFiles(folder);
  // Newest file first: one is enough for most questions, and a hundred thousand lines are never held.
  let written = 0;
  for (const name of names.reverse()) {
    if (found.length >= limit) break;
    const text = await readFile(join(folder, name), "utf8");
    const lines = wholeLines(text).map(parse).filter(isLine);
    if (written === 0) {
      written = lines.at(-1)?.seq ?? 0;
      take(trail.outbox.filter(({ seq }) => seq > written));
    }
    if (found.length < limit) take(lines);
  }
  if (names.length === 0) take(trail.outbox);
  return found;
}

/**
 * Follows the chain through all files of `folder` (see {@link AuditCheck}), one file in memory at a
 * time. The gateway goes on meanwhile, and so does its audit: `trail` is asked before and afterwards.
 */
export async function checkAudit(
  folder: string,
  trail: () => Trail,
  verifies: (data: Uint8Array, signature: Uint8Array) => boolean,
): Promise<AuditVerdict> {
  const check = new AuditCheck(trail(), verifies);
  for (const name of await auditFiles(folder)) {
    const text = await readFile(join(folder, name), "utf8");
    await inSlices(check.file({ name, text }), systemWorld);
  }
  return check.end(trail());
}
