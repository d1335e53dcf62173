import { blank, shell } from "../../../protocol/command.ts";
import { joined, say, type Text } from "../../../protocol/text.ts";
import type { Style } from "../../kit/style.ts";
import { shown, shownLines } from "../../kit/words.ts";

/** The levels, least first, with the numbers that pino writes. */
export const levels = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
} as const;

export type LogLevel = keyof typeof levels;

/** One line of the log, wherever it comes from. */
export interface LogLine {
  /** Milliseconds since the epoch, where the line says it. */
  readonly atMs?: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Reads a line as the gateway writes it, or as `logs.tail` gives it; anything else is a message. */
export function parseLine(text: string, more: { atMs?: number; level?: LogLevel } = {}): LogLine {
  const { atMs, level = "info" } = more;
  const at = atMs === undefined ? {} : { atMs };
  const record = parseRecord(text);
  if (!record) return { ...at, level, message: text, facts: {} };
  const { time, level: given, msg, message, ...facts } = record;
  const ms = typeof time === "number" ? time : Date.parse(String(time));
  return {
    ...(Number.isFinite(ms) ? { atMs: ms } : at),
    level: levelOf(given) ?? level,
    message: String(message ?? msg ?? ""),
    facts,
  };
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function levelOf(given: unknown): LogLevel | undefined {
  const names = Object.keys(levels) as LogLevel[];
  return names.find((name) => name === given || levels[name] === given);
}

/** A line as JSON, with the names of `logs.tail`. */
export function lineRecord({ atMs, level, message, facts }: LogLine): Record<string, unknown> {
  const time = atMs === undefined ? {} : { time: new Date(atMs).toISOString() };
  return { ...time, level, message, ...facts };
}

/** A line as text: for a person with local time and colour, else with ISO time. */
export function lineText(line: LogLine, style: Style | undefined): Text {
  const { atMs, level } = line;
  const when = atMs === undefined ? "" : timeText(new Date(atMs), style !== undefined);
  const { words, facts } = saidIn(line);
  const tail = Object.entries(facts)
    .map(([name, value]) => `${shown(name)}=${factText(value)}`)
    .join(" ");
  const name = level.toUpperCase().padEnd(5);
  const parts = style
    ? [when, levelMark(level, name, style), words, tail && style.faint(tail)]
    : [when, name, words, tail];
  return joined(
    parts.filter((part) => part !== ""),
    " ",
  );
}

function levelMark(level: LogLevel, name: string, style: Style): string {
  if (levels[level] >= levels.error) return style.bad(name);
  return level === "warn" ? style.heading(name) : style.faint(name);
}

/**
 * The message, and the facts that it does not say. A line that tells what to type has it among its
 * facts too, as `next`: where the message says it, it stands there in one piece and not twice.
 */
function saidIn({ message, facts }: LogLine): {
  readonly words: Text;
  readonly facts: LogLine["facts"];
} {
  const words = shownLines(message.slice(0, 16_384)) || "-";
  const { next, ...others } = facts;
  const command = typeof next === "string" ? shownLines(next) : "";
  const at = command === "" || command.includes("\n") ? -1 : words.lastIndexOf(command);
  if (at < 0) return { words, facts };
  const typed = shell`${blank(command)}`;
  return {
    words: say`${words.slice(0, at)}${typed}${words.slice(at + command.length)}`,
    facts: others,
  };
}

function timeText(at: Date, local: boolean): string {
  if (!local) return at.toISOString();
  const minutes = at.getTimezoneOffset();
  const shifted = new Date(at.getTime() - minutes * 60_000);
  return shifted.toISOString().slice(0, 19).replace("T", " ");
}

function factText(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  const words = shown(text, 400);
  return words.includes(" ") ? JSON.stringify(words) : words;
}

/**
 * Lines of several logs by their times, milliseconds since the epoch; a line without one goes where the
 * line before it in its own log does.
 */
export function inOrder<Line>(
  logs: readonly (readonly Line[])[],
  timeOf: (line: Line) => number | undefined,
): Line[] {
  const timed = logs.flatMap((lines) => {
    let at = 0;
    return lines.map((line) => {
      at = timeOf(line) ?? at;
      return { line, at };
    });
  });
  return timed.sort((a, b) => a.at - b.at).map(({ line }) => line);
}
