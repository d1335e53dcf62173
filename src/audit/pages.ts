import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { systemFiles } from "../lib/atomic-file.ts";
import { type AuditLine, isLine } from "./chain.ts";
import { auditFiles, parse } from "./files.ts";
import type { Trail } from "./trail.ts";

export interface PageOptions {
  /** Where an earlier page ended; empty for the oldest line. */
  readonly cursor: string;
  /** Milliseconds by the wall clock: lines of that time and later. */
  readonly sinceMs?: number;
  readonly limits: PageLimits;
}

export interface PageLimits {
  readonly rows: number;
  /** Bytes of lines on a page, as they are in the file, at most; one line always fits. */
  readonly bytes: number;
  /** Bytes read from the files at most, to find the lines. */
  readonly scanBytes: number;
}

export interface AuditPage {
  readonly lines: readonly AuditLine[];
  /** Where the next page begins; absent after the newest line. */
  readonly cursor?: string;
}

/** A place in the audit: everything before byte `at` of `file` was passed. */
interface AuditPosition {
  readonly file: string;
  readonly at: number;
  /** Lines up to this number were given from the state, before they were in a file. */
  readonly given: number;
  /** Number of the line before the place. */
  readonly last: number;
}

const CURSOR = /^(audit-\d{12}\.jsonl)?:(\d{1,15}):(\d{1,15}):(\d{1,15})$/;
const BEGINNING: AuditPosition = { file: "", at: 0, given: 0, last: 0 };
const NEWLINE = 10;

function placeOf(cursor: string): AuditPosition | undefined {
  if (cursor === "") return BEGINNING;
  const found = CURSOR.exec(cursor);
  if (!found) return undefined;
  const [, file = "", at, given, last] = found;
  return { file, at: Number(at), given: Number(given), last: Number(last) };
}

/**
 * The lines behind `cursor`, oldest first, as many as an answer may hold: from the files, and then from
 * what is still on its way to them. Lines are found by where they stand and not by their numbers, so
 * that those of a damaged file are all shown. `undefined`: no page ends at such a cursor.
 */
export async function auditPage(
  folder: string,
  trail: Trail,
  { cursor, sinceMs = 0, limits }: PageOptions,
): Promise<AuditPage | undefined> {
  const start = placeOf(cursor);
  if (!start) return undefined;
  const page = new PageReader(start, sinceMs, limits);
  const names = await auditFiles(folder);
  for (const name of names.filter((name) => name >= start.file)) {
    // The file that the cursor names may be gone; then the next one is read from its beginning.
    const full = await page.read(folder, name, name === start.file ? start.at : 0);
    if (full) return page.cut();
  }
  return page.waiting(trail.outbox) ? page.cut() : { lines: page.lines };
}

class PageReader {
  readonly lines: AuditLine[] = [];
  #place: AuditPosition;
  #bytes = 0;
  #scanned = 0;

  constructor(
    start: AuditPosition,
    private readonly sinceMs: number,
    private readonly limits: PageLimits,
  ) {
    this.#place = start;
  }

  cut(): AuditPage {
    const { file, at, given, last } = this.#place;
    return { lines: this.lines, cursor: `${file}:${at}:${given}:${last}` };
  }

  /**
   * Adds a file's lines from byte `from` on. Returns whether the page was full before the file's
   * end.
   */
  async read(folder: string, file: string, from: number): Promise<boolean> {
    let at = from;
    this.#place = { ...this.#place, file, at };
    // A link may lead anywhere, and a pipe may never end.
    const facts = await systemFiles.facts(join(folder, file)).catch(() => undefined);
    if (facts?.kind !== "file") return false;
    const handle = await open(join(folder, file), constants.O_RDONLY | constants.O_NOFOLLOW).catch(
      () => undefined,
    );
    if (!handle) return false;
    try {
      for (;;) {
        if (this.#scanned >= this.limits.scanBytes) return true;
        const chunk = Buffer.alloc(this.limits.bytes);
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
        this.#scanned += bytesRead;
        const end = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1;
        if (end === 0 && bytesRead < chunk.length) return false;
        // Longer than any line of the audit: it is passed, piece by piece.
        const whole = end === 0 ? bytesRead : end;
        if (this.#take(chunk.subarray(0, whole), file, at)) return true;
        at += whole;
      }
    } catch {
      // What can't be read is named by `verify`.
      return false;
    } finally {
      await handle.close();
    }
  }

  #take(chunk: Buffer, file: string, at: number): boolean {
    let from = 0;
    while (from < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, from);
      const to = newline < 0 ? chunk.length : newline + 1;
      const line = parse(chunk.toString("utf8", from, to));
      this.#place = { ...this.#place, file, at: at + from };
      if (isLine(line) && line.seq > this.#place.given && !this.#add(line, to - from)) return true;
      from = to;
    }
    this.#place = { ...this.#place, file, at: at + from };
    return false;
  }

  /** Adds a line. Returns whether there was room for it. */
  #add(line: AuditLine, bytes: number): boolean {
    if (line.ts >= this.sinceMs) {
      const { rows, bytes: most } = this.limits;
      const fits = this.lines.length < rows && this.#bytes + bytes <= most;
      if (!fits && this.lines.length > 0) return false;
      this.lines.push(line);
      this.#bytes += bytes;
    }
    this.#place = { ...this.#place, last: line.seq };
    return true;
  }

  /**
   * Adds lines of the state that are in no file yet. Returns whether the page was full before their
   * end.
   */
  waiting(outbox: readonly AuditLine[]): boolean {
    for (const line of outbox) {
      if (line.seq <= this.#place.last) continue;
      if (!this.#add(line, Buffer.byteLength(JSON.stringify(line)) + 1)) return true;
      this.#place = { ...this.#place, given: line.seq };
    }
    return false;
  }
}
