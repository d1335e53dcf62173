import type { LogLine } from "./line.ts";

/** Which lines of a log to read. */
export interface LogAsk {
  /** Lines of the past, the newest ones. */
  readonly lines: number;
  /** Only what came at or after this moment. */
  readonly sinceMs: number | undefined;
  readonly follow: boolean;
}

/** Where a log can be read: lines in parts, the first of them at once, also when it is empty. */
export interface LogReader {
  /** For people: `the gateway's memory`. */
  readonly name: string;
  read(ask: LogAsk): AsyncIterable<readonly LogLine[]>;
}

/** Milliseconds between two looks for new lines, while the log is followed. */
export const POLL_MS = 1_000;
