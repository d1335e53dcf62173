import type { KeptLine, LastingLog, LogReading } from "./lasting-log.ts";
import { inOrder, type LogLine } from "./line.ts";

/** Milliseconds by which a log may lag behind the gateway's own memory. */
const LAG_MS = 2_000;

/** The start of a message that tells two lines of one moment apart; longer ones may be cut. */
const KEY_CHARS = 1_000;

interface Deps {
  /** The logs there are now: another configuration may name another file. */
  readonly find: () => Promise<readonly LastingLog[]>;
  /** Wall clock, milliseconds. */
  readonly now: () => number;
  /** Says once that a log can't be read, and why. */
  readonly failed: (log: LastingLog, error: unknown) => void;
}

/**
 * What the gateway's memory does not show while it is away, or forgot: read from the logs on this machine
 * that outlive it. Both hold the same lines in the same order, so the last line that was shown says where
 * to go on, in either direction.
 */
export class Bridge {
  /** The last line of the gateway's that was shown, and how many like it were. */
  #last: { readonly atMs: number; readonly key: string; readonly count: number } | undefined;
  #counts = new Map<string, number>();
  #answeredAt: number;
  #open: { readonly log: LastingLog; readonly lines: LogReading; isFirst: boolean }[] | undefined;
  readonly #logs = new Map<string, LastingLog>();
  /** Something was read here since the gateway's memory was. */
  #bridged = false;

  constructor(private readonly deps: Deps) {
    this.#answeredAt = deps.now();
  }

  /** Looks which logs there are. Resolves with the names of all that are read, for people. */
  async look(): Promise<readonly string[]> {
    for (const log of await this.deps.find()) {
      if (!this.#logs.has(log.name)) this.#logs.set(log.name, log);
    }
    return [...this.#logs.keys()];
  }

  /** Of what the gateway's memory answered, what was not shown from here already. */
  async answered(lines: readonly LogLine[]): Promise<readonly LogLine[]> {
    const fresh = this.#bridged ? lines.slice(this.#endOfShown(lines) + 1) : lines;
    for (const line of fresh) this.#showed(line);
    this.#bridged = false;
    this.#answeredAt = this.deps.now();
    await this.#close();
    for (const log of this.#logs.values()) await log.mark?.().catch(() => undefined);
    return fresh;
  }

  /** Lines that were not shown yet, of all logs by their time. Ends when {@link answered} is called. */
  async next(): Promise<readonly LogLine[]> {
    const since = Math.min(this.#last?.atMs ?? this.#answeredAt, this.#answeredAt) - LAG_MS;
    this.#open ??= [...this.#logs.values()].map((log) => {
      return { log, lines: log.open(since), isFirst: true };
    });
    const found: (readonly KeptLine[])[] = [];
    for (const part of this.#open) {
      try {
        const lines = await part.lines.next();
        found.push(part.isFirst ? this.#unseen(lines) : lines);
        part.isFirst = false;
      } catch (error) {
        this.#open = this.#open?.filter((one) => one !== part);
        await part.lines.close().catch(() => undefined);
        this.deps.failed(part.log, error);
      }
    }
    const ordered = inOrder(found, ({ line }) => line.atMs);
    const shown = ordered.filter(({ line }) => !isAuditCopy(line));
    for (const { line, isOwn } of shown) if (isOwn) this.#showed(line);
    this.#bridged ||= shown.length > 0;
    return shown.map(({ line }) => line);
  }

  /** Ends reading for good. */
  async close(): Promise<void> {
    await this.#close();
    for (const log of this.#logs.values()) await log.forget?.().catch(() => undefined);
  }

  async #close(): Promise<void> {
    const open = this.#open ?? [];
    this.#open = undefined;
    for (const { lines } of open) await lines.close().catch(() => undefined);
  }

  #showed(line: LogLine): void {
    const { atMs } = line;
    if (atMs === undefined) return;
    if (atMs !== this.#last?.atMs) this.#counts.clear();
    const key = keyOf(line);
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    this.#last = { atMs, key, count };
  }

  /** Where the last line that was shown stands among these; -1 where it does not. */
  #endOfShown(lines: readonly LogLine[]): number {
    let at = -1;
    let count = 0;
    for (const [i, line] of lines.entries()) {
      if (count === this.#last?.count) break;
      if (keyOf(line) !== this.#last?.key) continue;
      at = i;
      count += 1;
    }
    return at;
  }

  #unseen(lines: readonly KeptLine[]): readonly KeptLine[] {
    const end = this.#endOfShown(lines.map(({ line }) => line));
    if (end >= 0) return lines.slice(end + 1);
    const shownTo = this.#last?.atMs ?? Number.NEGATIVE_INFINITY;
    const from = Math.max(shownTo + 1, this.#answeredAt - LAG_MS);
    const first = lines.findIndex(({ line }) => line.atMs === undefined || line.atMs >= from);
    return first < 0 ? [] : lines.slice(first);
  }
}

/** Told the same by a line of a file, of the journal, and of the gateway's memory, which cuts long ones. */
function keyOf({ atMs, level, message, facts }: LogLine): string {
  const words = facts["cut"] === true ? message.replace(/…$/, "") : message;
  return JSON.stringify([atMs, level, words.slice(0, KEY_CHARS)]);
}

/** The journal's copy of the audit is kept out of the gateway's memory too (lib/log-ring.ts). */
function isAuditCopy({ facts }: LogLine): boolean {
  return typeof facts["audit"] === "number" && typeof facts["event"] === "string";
}
