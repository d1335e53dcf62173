import type { World } from "../lib/world.ts";
import { Damage } from "./damage.ts";
import { hashChunks, Pace, stringifyLines } from "./time-slices.ts";

/** A document at one moment: everything up to and including change `seq`. */
export interface Snapshot {
  name: string;
  version: number;
  seq: number;
  records: Iterable<unknown>;
}

/** The first line of a snapshot file without its checksum; the format's number is ours alone. */
export interface SnapshotHeader {
  format: string;
  name: string;
  version: number;
  seq: number;
}

export const snapshotFormat = "openclaw-document/1";

// The checksum comes first and covers every byte that follows its closing quote, so that no byte of
// the file can change unnoticed: not the header's, and not the checksum's own.
const opening = '{"sha256":"';
const digestEnd = opening.length + 64;

/**
 * The file's text as chunks: a JSON object whose first line is the header and whose `records` stand
 * one per line, so that a person can read, grep and diff it.
 */
export async function encodeSnapshot(
  snapshot: Snapshot,
  clock: Pick<World, "monotonic">,
): Promise<Buffer[]> {
  const { name, version, seq, records } = snapshot;
  const header = JSON.stringify({ format: snapshotFormat, name, version, seq });
  const start = Buffer.from(`",${header.slice(1, -1)},"records":[\n`);
  const body = [start, ...(await stringifyLines(records, clock)), Buffer.from("]}\n")];
  const digest = await hashChunks(body, clock);
  return [Buffer.from(opening + digest), ...body];
}

/**
 * Header and records of a snapshot file's bytes.
 * @throws Damage if any byte is not what was written
 */
export async function decodeSnapshot(
  file: string,
  bytes: Buffer,
  clock: Pick<World, "monotonic">,
): Promise<{ header: SnapshotHeader; records: unknown[] }> {
  if (bytes.length === 0) throw new Damage({ file, line: 1 }, "the file is empty");
  if (bytes.toString("latin1", 0, opening.length) !== opening) {
    throw new Damage({ file, line: 1 }, "it does not start like a snapshot");
  }
  const stated = bytes.toString("latin1", opening.length, digestEnd);
  const actual = await hashChunks([bytes.subarray(digestEnd)], clock);
  if (stated !== actual) {
    throw new Damage({ file }, `checksum ${shorten(stated)} stated, ${shorten(actual)} found`);
  }
  const firstEnd = bytes.indexOf(10);
  const header = JSON.parse(`${bytes.toString("utf8", 0, firstEnd)}]}`) as SnapshotHeader;
  if (header.format !== snapshotFormat) return { header, records: [] };
  return { header, records: await parseLines(bytes, firstEnd + 1, clock) };
}

async function parseLines(
  bytes: Buffer,
  start: number,
  clock: Pick<World, "monotonic">,
): Promise<unknown[]> {
  const records: unknown[] = [];
  const pace = new Pace(clock);
  let at = start;
  // The last line closes the array; the checksum has vouched for the shape.
  for (let end = bytes.indexOf(10, at); end + 1 < bytes.length; end = bytes.indexOf(10, at)) {
    const comma = bytes[end - 1] === 44;
    records.push(JSON.parse(bytes.toString("utf8", at, comma ? end - 1 : end)));
    at = end + 1;
    if (records.length % 64 === 0 && pace.used) await pace.rest();
  }
  return records;
}

function shorten(digest: string): string {
  return JSON.stringify(digest.slice(0, 12));
}
