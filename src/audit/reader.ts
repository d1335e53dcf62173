import { join } from "node:path";
import { type FileSystem, systemFiles } from "../lib/atomic-file.ts";
import { whyFailed } from "../lib/system-words.ts";
import { systemWorld } from "../lib/world.ts";
import { auditLimitTable } from "../limits/audit.ts";
import { inSlices } from "../store/time-slices.ts";
import { type AuditLine, isLine } from "./chain.ts";
import { auditFiles, isAuditFile, namesIn, parse, wholeLines } from "./files.ts";
import type { Verifies } from "./state-check.ts";
import type { Trail } from "./trail.ts";
import { AuditCheck, type AuditVerdict, type FoundFile } from "./verify.ts";

export interface ReadOptions {
  /** Milliseconds by the wall clock: lines of that time and later. */
  readonly sinceMs?: number;
  /** How many lines at most: the newest. */
  readonly limit: number;
  /**
   * Bytes of lines, as they are in the file, that an answer holds at most; one line always fits.
   */
  readonly bytes?: number;
}

/** In bytes. Files of the audit are smaller; a larger one is not read into memory. */
const MOST_BYTES = auditLimitTable.auditReadBytes.value;

/** A file as it is. Nothing but a plain file is opened: a link may lead anywhere. */
export async function findFile(
  folder: string,
  name: string,
  files: FileSystem = systemFiles,
): Promise<FoundFile> {
  const path = join(folder, name);
  const bad = (problem: string) => ({ name, text: "", problem });
  try {
    const { kind, size } = await files.facts(path);
    if (kind !== "file") return bad("it is no plain file");
    if (size > MOST_BYTES) return bad("it is larger than a file of the audit can be");
    const bytes = await files.readFile(path);
    const text = bytes.toString("utf8");
    if (Buffer.from(text).equals(bytes)) return { name, text };
    return { name, text, problem: "it holds bytes that are no text" };
  } catch (error) {
    return bad(`it can't be read: ${whyFailed(error)}`);
  }
}

/** The newest lines, oldest first, from the files and from what is still on its way to them. */
export async function readAudit(
  folder: string,
  trail: Trail,
  { sinceMs = 0, limit, bytes = Number.POSITIVE_INFINITY }: ReadOptions,
): Promise<AuditLine[]> {
  const newest: AuditLine[] = [];
  let room = bytes;
  const full = () => newest.length >= limit || room <= 0;
  const take = (lines: readonly AuditLine[]) => {
    for (let at = lines.length - 1; at >= 0 && !full(); at -= 1) {
      const line = lines[at];
      if (!line || line.ts < sinceMs) continue;
      room -= Buffer.byteLength(JSON.stringify(line)) + 1;
      if (room >= 0 || newest.length === 0) newest.push(line);
    }
  };
  const names = await auditFiles(folder);
  // Newest file first: one is enough for most questions, and a hundred thousand lines are never held.
  let written: number | undefined;
  for (const name of names.reverse()) {
    if (full()) break;
    const { text } = await findFile(folder, name);
    const lines = wholeLines(text).map(parse).filter(isLine);
    const last = lines.at(-1)?.seq;
    if (last === undefined) continue;
    if (written === undefined) take(trail.outbox.filter(({ seq }) => seq > last));
    written ??= last;
    take(lines);
  }
  if (written === undefined) take(trail.outbox);
  return newest.reverse();
}

interface CheckFacts {
  readonly verifies: Verifies;
  /** How many faults are named at most. */
  readonly mostFaults: number;
  /** Reads a file while the writer does not write to it. */
  readonly read?: (name: string) => Promise<FoundFile>;
}

/**
 * Follows the chain through all files of `folder` (see {@link AuditCheck}), one file in memory at a
 * time. The gateway goes on meanwhile, and so does its audit: `trail` is asked before and afterwards.
 */
export async function checkAudit(
  folder: string,
  trail: () => Trail,
  { verifies, mostFaults, read = (name) => findFile(folder, name) }: CheckFacts,
): Promise<AuditVerdict> {
  const check = new AuditCheck(trail(), verifies, mostFaults);
  for (const name of await namesIn(folder)) {
    if (isAuditFile(name)) await inSlices(check.file(await read(name)), systemWorld);
    else check.foreign(name);
  }
  return check.end(trail());
}
