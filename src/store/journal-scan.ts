import type { World } from "../lib/world.ts";
import { Damage } from "./damage.ts";
import {
  type ChangeLine,
  decodeLine,
  type JournalHeader,
  journalFormat,
  lineOpening,
  provenBy,
} from "./journal-line.ts";
import { Pace } from "./time-slices.ts";

/** What a journal file holds. `length` is where its good part ends, in bytes. */
export interface JournalContent {
  header: JournalHeader;
  lines: ChangeLine[];
  lastSeq: number;
  length: number;
  /** Bytes behind `length`: a write that a crash cut short, never acknowledged. */
  torn: number;
}

/**
 * Reads a journal file's bytes. Only a torn end is passed over.
 * @throws Damage, with the line, for a bad line that a later one proves to have been whole, a gap,
 * or a header that is not there
 */
export async function scanJournal(
  file: string,
  bytes: Buffer,
  clock: Pick<World, "monotonic">,
): Promise<JournalContent> {
  const header = readHeader(file, bytes);
  const firstEnd = bytes.indexOf(10);
  const content = { header, lines: [], lastSeq: header.after, length: firstEnd + 1, torn: 0 };
  // A format from the future may frame its lines differently; the caller refuses it by name.
  if (header.format !== journalFormat) return content;
  return scanLines({ file, bytes, pace: new Pace(clock) }, content);
}

function readHeader(file: string, bytes: Buffer): JournalHeader {
  const end = bytes.indexOf(10);
  if (end < 0) throw new Damage({ file, line: 1 }, "the header is missing or incomplete");
  const header = decodeLine(bytes.subarray(0, end));
  if (typeof header === "string") throw new Damage({ file, line: 1 }, header);
  if (!("format" in header)) throw new Damage({ file, line: 1 }, "the header is missing");
  return header;
}

interface Source {
  file: string;
  bytes: Buffer;
  pace: Pace;
}

async function scanLines(source: Source, content: JournalContent): Promise<JournalContent> {
  const { file, bytes, pace } = source;
  for (let number = 2; content.length < bytes.length; number += 1) {
    const end = bytes.indexOf(10, content.length);
    const line = end < 0 ? "the line has no end" : decodeLine(bytes.subarray(content.length, end));
    if (typeof line === "string") {
      const rest = bytes.subarray(content.length);
      if (proves(rest, content.lastSeq + 1)) throw new Damage({ file, line: number }, line);
      return { ...content, torn: rest.length };
    }
    const gap = follow(content, line);
    if (gap) throw new Damage({ file, line: number }, gap);
    content.length = end + 1;
    if (number % 64 === 0 && pace.used) await pace.rest();
  }
  return content;
}

/** Takes a whole line in; returns what is wrong if it is not the one that comes next. */
function follow(content: JournalContent, line: object): string | undefined {
  if ("sealed" in line) {
    if (line.sealed === content.lastSeq) return undefined;
    return `sealed at commit ${line.sealed}, but the last one above is ${content.lastSeq}`;
  }
  const expected = content.lastSeq + 1;
  if (!("changes" in line)) return `commit ${expected} expected, a second header found`;
  const change = line as ChangeLine;
  if (change.seq !== expected) return `commit ${expected} expected, commit ${change.seq} found`;
  content.lines.push(change);
  content.lastSeq = expected;
  return undefined;
}

/**
 * Whether anything in `rest`, which starts with a bad line, proves that commit `seq` was durable.
 * A damaged newline glues two lines together, so this looks at every place that begins like one.
 */
function proves(rest: Buffer, seq: number): boolean {
  for (let at = rest.indexOf(lineOpening); at >= 0; at = rest.indexOf(lineOpening, at + 1)) {
    const end = rest.indexOf(10, at);
    const line = decodeLine(rest.subarray(at, end < 0 ? rest.length : end));
    if (typeof line !== "string" && provenBy(line) >= seq) return true;
  }
  return false;
}
