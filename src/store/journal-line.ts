import { crc32 } from "node:zlib";

/**
 * A journal is JSON lines. The first is its header; each of the others is one commit:
 *
 *     {"crc":"1f2e3d4c","seq":12,"after":10,"changes":[…]}
 *
 * `crc` is the CRC-32 of everything behind it on the line: any burst of up to 32 bits shows. `seq`
 * counts commits without gaps. `after` is the last commit that was durable when the line was
 * written; so a later line proves that an earlier one was once whole, and a crash in the middle of a
 * write can be told from damage. A line `{"crc":…,"sealed":12}` ends an orderly session and proves
 * the rest of it in the same way.
 */
export interface JournalHeader {
  format: string;
  name: string;
  /** The document shape's version that the changes below are meant for. */
  version: number;
  /** The commit that precedes the first line. */
  after: number;
}

export interface ChangeLine {
  seq: number;
  after: number;
  changes: unknown[];
}

export interface SealLine {
  sealed: number;
}

export type JournalLine = JournalHeader | ChangeLine | SealLine;

export const journalFormat = "openclaw-journal/1";

/** How every line begins, and where its checksummed part does. */
export const lineOpening = '{"crc":"';
const coveredFrom = lineOpening.length + 8 + 2;

/** A line with its checksum and newline; `covered` is the JSON object's text without its `{`. */
function frame(covered: string): string {
  return `${lineOpening}${crc32(covered).toString(16).padStart(8, "0")}",${covered}\n`;
}

export function encodeHeader(header: Omit<JournalHeader, "format">): string {
  const { name, version, after } = header;
  return frame(JSON.stringify({ format: journalFormat, name, version, after }).slice(1));
}

/** `changes` is JSON text already: a commit is serialized once, when it is made. */
export function encodeChanges(line: { seq: number; after: number; changes: string }): string {
  return frame(`"seq":${line.seq},"after":${line.after},"changes":${line.changes}}`);
}

export function encodeSeal(sealed: number): string {
  return frame(`"sealed":${sealed}}`);
}

/** One line's bytes without the newline; or, as a string, what is wrong with them. */
export function decodeLine(bytes: Buffer): JournalLine | string {
  if (bytes.length <= coveredFrom || bytes.toString("latin1", 0, 8) !== lineOpening) {
    return "it does not start like a journal line";
  }
  const stated = bytes.toString("latin1", 8, coveredFrom - 2);
  const actual = crc32(bytes.subarray(coveredFrom)).toString(16).padStart(8, "0");
  if (stated !== actual || bytes.toString("latin1", coveredFrom - 2, coveredFrom) !== '",') {
    return `checksum ${JSON.stringify(stated)} stated, "${actual}" found`;
  }
  try {
    return JSON.parse(`{${bytes.toString("utf8", coveredFrom)}`) as JournalLine;
  } catch {
    return "it is not JSON";
  }
}

/** The last commit that must have been durable before this line could be written; -1 for none. */
export function provenBy(line: JournalLine): number {
  if ("sealed" in line) return line.sealed;
  return line.after;
}
