/**
 * Matches the log's copy of an audit line (audit/writer.ts). It is for the journal and the owner on
 * the host, and kept out of the ring, which any client with the right to read logs can read. Quotes
 * inside a text are escaped, so no text matches.
 */
const AUDIT_COPY = /,"audit":\d+,"event":"/;

/** Bounds of what a ring keeps. */
export interface RingBounds {
  /** All lines together, in bytes. */
  readonly bytes: number;
  /** One line, in characters; a longer one keeps its level, time and the start of its words. */
  readonly lineChars: number;
}

export interface TailRequest {
  /** Whether lines that `isReserved` told apart come too. */
  readonly reserved: boolean;
  /** Where an earlier answer ended. */
  readonly cursor?: number | undefined;
  readonly limit: number;
  readonly maxBytes: number;
}

/** The result of `logs.tail` without the name of its source. */
export interface LogTail {
  /** Where to go on reading. */
  readonly cursor: number;
  /** Where the log ends now: more than `cursor` where there is more to read. */
  readonly size: number;
  /** JSON with `time` (ISO), `level` (its name), `message` and the facts of the line. */
  readonly lines: readonly string[];
  /** Older lines that are still kept, or one longer than `maxBytes`, were left out. */
  readonly truncated: boolean;
  /** The cursor is of another run, or what stood there is no longer kept: these are the newest. */
  readonly reset: boolean;
}

type TailBounds = Omit<TailRequest, "cursor">;

interface Line {
  /** Where it begins, counted in bytes over the whole life of the log. */
  readonly at: number;
  readonly bytes: number;
  readonly text: string;
  readonly reserved: boolean;
}

/**
 * The last lines of the log, in memory, so that they can be read wherever the log itself goes.
 * Positions only grow, also over restarts: they begin at `origin`, which must be later each time and
 * faster than the log (microseconds since 1970 are).
 */
export class LogRing {
  #lines: Line[] = [];
  #bytes = 0;
  #end: number;

  /** `isReserved`: which lines, as pino writes them, are not for every reader. */
  constructor(
    private readonly bounds: RingBounds,
    origin: number,
    private readonly isReserved: (line: string) => boolean,
  ) {
    this.#end = origin;
  }

  /** Takes lines as pino writes them. */
  write(text: string): void {
    for (const raw of text.split("\n")) {
      if (raw === "" || AUDIT_COPY.test(raw)) continue;
      this.#add(readable(raw, this.bounds), this.isReserved(raw));
    }
  }

  #add(text: string, reserved: boolean): void {
    const bytes = Buffer.byteLength(text) + 1;
    this.#lines.push({ at: this.#end, bytes, text, reserved });
    this.#end += bytes;
    this.#bytes += bytes;
    let gone = 0;
    for (; this.#bytes > this.bounds.bytes; gone += 1) this.#bytes -= this.#lines[gone]?.bytes ?? 0;
    if (gone > 0) this.#lines.splice(0, gone);
  }

  /** Lines from the cursor on, the oldest first; without one that is known here, the newest. */
  tail({ cursor, ...bounds }: TailRequest): LogTail {
    const oldest = this.#lines[0]?.at ?? this.#end;
    const known = cursor !== undefined && cursor >= oldest && cursor <= this.#end;
    const part = known ? this.#from(cursor, bounds) : this.#newest(bounds);
    return { ...part, size: this.#end, reset: cursor !== undefined && !known };
  }

  #from(cursor: number, { limit, maxBytes, reserved }: TailBounds) {
    const lines: string[] = [];
    let bytes = 0;
    let at = cursor;
    let truncated = false;
    for (const line of this.#lines) {
      if (line.at < cursor) continue;
      if (lines.length >= limit || (lines.length > 0 && bytes + line.bytes > maxBytes)) break;
      at = line.at + line.bytes;
      if (line.reserved && !reserved) continue;
      bytes += line.bytes;
      if (line.bytes > maxBytes) {
        // Alone it is too long for this reader, who would never get past it.
        truncated = true;
        bytes = 0;
      } else lines.push(line.text);
    }
    return { lines, cursor: at, truncated };
  }

  #newest({ limit, maxBytes, reserved }: TailBounds) {
    const lines: string[] = [];
    let first = this.#lines.length;
    let bytes = 0;
    for (; first > 0 && lines.length < limit; first -= 1) {
      const line = this.#lines[first - 1];
      if (!line || (line.reserved && !reserved)) continue;
      bytes += line.bytes;
      if (bytes > maxBytes) break;
      lines.push(line.text);
    }
    lines.reverse();
    return { lines, cursor: this.#end, truncated: first > 0 };
  }
}

const LEVELS: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

/** A line of pino with the names that clients of the protocol look for. */
function readable(raw: string, { lineChars }: RingBounds): string {
  const line = parsed(raw);
  if (!line) return raw.slice(0, lineChars);
  const { level, time, msg, ...facts } = line;
  const head = { time, level: LEVELS[Number(level)] ?? "info" };
  const whole = JSON.stringify({ ...head, message: msg ?? "", ...facts });
  if (whole.length <= lineChars) return whole;
  // An eighth: what JSON must escape takes up to six times the room.
  const start = String(msg ?? "").slice(0, Math.floor(lineChars / 8));
  return JSON.stringify({ ...head, message: `${start}…`, cut: true });
}

function parsed(raw: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
