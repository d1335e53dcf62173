import { basename } from "node:path";
import type { FileSystem } from "../lib/atomic-file.ts";
import type { World } from "../lib/world.ts";
import { Damage } from "./damage.ts";
import type { DocumentFiles } from "./files.ts";
import { journalFormat } from "./journal-line.ts";
import { type JournalContent, scanJournal } from "./journal-scan.ts";

/** A journal file and what is in it. */
export interface Segment extends JournalContent {
  path: string;
}

/** The one or two journal files of a document, oldest first, and a leftover that holds nothing. */
export interface SegmentFiles {
  segments: Segment[];
  useless?: string;
}

/**
 * Reads the journal files and checks that they follow each other and the snapshot at `snapshotSeq`
 * without a gap. No segments at all means that the document is new.
 * @throws Damage where they do not
 */
export async function readSegments(
  files: DocumentFiles,
  known: { existing: Set<string>; snapshotSeq: number },
  outside: { fs: FileSystem; world: World },
): Promise<SegmentFiles> {
  const { existing, snapshotSeq } = known;
  if (!existing.has(files.journal)) {
    if (!existing.has(files.snapshot) && !existing.has(files.next)) return { segments: [] };
    // The journal is made first and never removed, so another program took it away.
    const left = existing.has(files.snapshot) ? files.snapshot : files.next;
    throw new Damage({ file: left }, `its journal ${files.journal} is missing`);
  }
  const name = basename(files.journal, ".journal");
  const older = await readSegment(files.journal, name, outside);
  if (older.header.after > 0 && !existing.has(files.snapshot)) {
    throw new Damage(
      { file: files.snapshot },
      `it is missing, though ${files.journal} goes on from it`,
    );
  }
  if (older.header.after > snapshotSeq) {
    const found = `it starts after commit ${older.header.after}, the snapshot ends at ${snapshotSeq}`;
    throw new Damage({ file: older.path, line: 1 }, found);
  }
  const rest = existing.has(files.next) ? await readNext(files.next, older, outside) : {};
  const segments = rest.next ? [older, rest.next] : [older];
  const last = segments.at(-1) ?? older;
  if (last.lastSeq < snapshotSeq) {
    const found = `it ends at commit ${last.lastSeq}, the snapshot is at ${snapshotSeq}`;
    throw new Damage({ file: last.path }, found);
  }
  return rest.useless ? { segments, useless: rest.useless } : { segments };
}

async function readNext(
  path: string,
  older: Segment,
  outside: { fs: FileSystem; world: World },
): Promise<{ next?: Segment; useless?: string }> {
  const next = await readSegment(path, older.header.name, outside);
  // Made, but given up before anything was written to it, because making it durable failed: the
  // journal went on, whether with whole lines or with one that was cut short.
  const blank = next.lines.length === 0 && next.torn === 0;
  const wentOn = older.lastSeq > next.header.after || older.torn > 0;
  if (blank && wentOn && next.header.after <= older.lastSeq) return { useless: path };
  if (older.torn > 0) {
    throw new Damage(
      { file: older.path },
      "its last line is incomplete, though another file follows",
    );
  }
  if (next.header.after !== older.lastSeq) {
    const found = `it starts after commit ${next.header.after}, the journal ends at ${older.lastSeq}`;
    throw new Damage({ file: path, line: 1 }, found);
  }
  return { next };
}

async function readSegment(
  path: string,
  name: string,
  { fs, world }: { fs: FileSystem; world: World },
): Promise<Segment> {
  const content = await scanJournal(path, await fs.readFile(path), world);
  const { header } = content;
  // Before its numbers are compared with another file's: that one would get the blame.
  if (header.format === journalFormat && header.name !== name) {
    const found = `it holds the document ${JSON.stringify(header.name)}, not "${name}"`;
    throw new Damage({ file: path, line: 1 }, found);
  }
  return { path, ...content };
}
