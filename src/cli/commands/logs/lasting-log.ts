import { createInterface } from "node:readline";
import type { Environment } from "../../../lib/environment.ts";
import { asRoot, shell } from "../../../protocol/command.ts";
import { CliError } from "../../kit/exit.ts";
import { FileReader } from "./file-reader.ts";
import { parseEntry } from "./journal-source.ts";
import { journalName, sinceOption, startJournalctl, type UnitJournal } from "./journalctl.ts";
import { type LogLine, parseLine } from "./line.ts";

/** A line, and whether the gateway's log wrote it: systemd, or a program that failed, has lines of its own. */
export interface KeptLine {
  readonly line: LogLine;
  readonly isOwn: boolean;
}

/** A log on this machine that outlives the gateway's process. */
export interface LastingLog {
  /** For people: a file's path, or `journald, unit openclaw-gateway`. */
  readonly name: string;
  /** Notes where it ends now: for one whose lines say no time, what comes before is never new. */
  mark?(): Promise<void>;
  /** Ends what `mark` began. */
  forget?(): Promise<void>;
  /** Begins to read it: the first `next` has lines from `sinceMs` on, and maybe older ones. */
  open(sinceMs: number): LogReading;
}

export interface LogReading {
  /** Lines that came since. @throws where it can't be read */
  next(): Promise<KeptLine[]>;
  close(): Promise<void>;
}

/** A file of the gateway's log, or pm2's with its output. */
export function lastingFile(path: string): LastingLog {
  return {
    name: path,
    open: (sinceMs) => {
      const reader = new FileReader(path);
      let isOpen = false;
      const old = ([first = ""]: readonly string[]) => {
        const { atMs } = parseLine(first);
        return atMs !== undefined && atMs < sinceMs;
      };
      return {
        next: async () => {
          const lines = await (isOpen ? reader.more() : reader.tail(old));
          isOpen = true;
          return lines.map(keptLine);
        },
        close: () => reader.close(),
      };
    },
  };
}

/** A file of lines without a time, such as pm2's with what went to standard error. */
export function lastingErrors(path: string): LastingLog {
  let reader: FileReader | undefined;
  return {
    name: path,
    mark: async () => {
      reader ??= new FileReader(path);
      await reader.skip();
    },
    forget: async () => reader?.close(),
    open: () => ({
      next: async () => ((await reader?.more()) ?? []).map(keptLine),
      close: async () => undefined,
    }),
  };
}

/** What journald keeps of a unit: the gateway's lines, its last words on standard error, and systemd's own. */
export function lastingJournal(unit: string, env: Environment): LastingLog {
  return {
    name: journalName({ unit }),
    open: (sinceMs) => {
      let from = sinceOption(sinceMs);
      return {
        next: async () => {
          const entries = await journalEntries({ unit, env }, from);
          const cursor = entries.map(cursorOf).findLast((found) => found !== undefined);
          if (cursor !== undefined) from = `--after-cursor=${cursor}`;
          return entries.map(keptEntry);
        },
        close: async () => undefined,
      };
    },
  };
}

/** Characters that are told of what journalctl says on standard error. */
const MOST_PROBLEM = 400;

async function journalEntries(journal: UnitJournal, from: string): Promise<string[]> {
  const { child, ended } = startJournalctl(journal, [from]);
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  const { exit, problem } = await ended;
  const said = problem.slice(-MOST_PROBLEM).trim();
  // To a user who may not read the journal it says so, and succeeds.
  if (exit === 0 && (lines.length > 0 || said === "")) return lines;
  throw new CliError("failed", `journalctl: ${said || `exit code ${exit}`}`, {
    next: asRoot(shell`journalctl -u ${journal.unit} -n 50 --no-pager`),
  });
}

function cursorOf(entry: string): string | undefined {
  return /"__CURSOR":"([^"]+)"/.exec(entry)?.[1];
}

/** The gateway writes objects, and nothing else that is logged by its unit begins so. */
const keptLine = (text: string): KeptLine => ({
  line: parseLine(text),
  isOwn: text.startsWith('{"level":'),
});

const keptEntry = (entry: string): KeptLine => ({
  line: parseEntry(entry),
  isOwn: /"MESSAGE":"\{\\"level\\":/.test(entry),
});
