import { createInterface } from "node:readline";
import type { Environment } from "../../../lib/environment.ts";
import { asRoot, shell } from "../../../protocol/command.ts";
import { CliError } from "../../kit/exit.ts";
import { journalName, sinceOption, startJournalctl, type UnitJournal } from "./journalctl.ts";
import { type LogLevel, type LogLine, parseLine } from "./line.ts";
import type { LogAsk, LogReader } from "./source.ts";

/** What journald keeps of a unit. */
export function journalSource(unit: string, env: Environment): LogReader {
  return { name: journalName({ unit }), read: (ask) => journalLines({ unit, env }, ask) };
}

async function* journalLines(
  journal: UnitJournal,
  { lines, sinceMs, follow }: LogAsk,
): AsyncGenerator<readonly LogLine[]> {
  const since = sinceMs === undefined ? [] : [sinceOption(sinceMs)];
  const options = ["-n", String(lines), ...since, ...(follow ? ["-f"] : [])];
  const { child, ended } = startJournalctl(journal, options);
  try {
    yield [];
    let isEmpty = true;
    for await (const line of createInterface({ input: child.stdout })) {
      isEmpty = false;
      yield [parseEntry(line)];
    }
    const { exit, problem } = await ended;
    // To a user who may not read the journal it says so, and succeeds.
    if (exit === 0 && !(isEmpty && problem.trim() !== "")) return;
    throw new CliError("failed", `journalctl failed: ${problem.trim() || `exit code ${exit}`}`, {
      next: asRoot(shell`journalctl -u ${journal.unit} -n ${lines} --no-pager`),
    });
  } finally {
    child.kill();
  }
}

const byPriority: readonly LogLevel[] = [
  "fatal",
  "fatal",
  "fatal",
  "error",
  "warn",
  "info",
  "info",
  "debug",
];

/** One entry of `journalctl -o json`. */
export function parseEntry(text: string): LogLine {
  let entry: Record<string, unknown> = {};
  try {
    entry = JSON.parse(text);
  } catch {
    return parseLine(text);
  }
  const { MESSAGE: message, PRIORITY: priority, __REALTIME_TIMESTAMP: micros } = entry;
  // Text that is no UTF-8 comes as an array of bytes.
  const words = Array.isArray(message) ? Buffer.from(message).toString("utf8") : message;
  const atMs = Number(micros) / 1000;
  const level = byPriority[Number(priority)];
  return parseLine(String(words ?? ""), {
    ...(Number.isFinite(atMs) && { atMs }),
    ...(level !== undefined && { level }),
  });
}
