import { foldText } from "../../../words/fold.ts";
import { parseSpan } from "../../kit/age.ts";
import { type Context, jsonLine } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { styleOf } from "../../kit/style.ts";
import { shown } from "../../kit/words.ts";
import { chooseSource } from "./choose-source.ts";
import { type LogLevel, type LogLine, levels, lineRecord, lineText } from "./line.ts";
import type { LogAsk } from "./source.ts";

export interface LogsOptions {
  readonly follow?: boolean;
  readonly since?: string;
  readonly level?: string;
  readonly limit?: string;
}

const DEFAULT_LINES = 200;
const MOST_LINES = 5_000;

/** `openclaw logs` */
export const logs: Run<LogsOptions> = async (context, _args, options) => {
  const { wanted, limit, ask } = readOptions(context, options);
  const source = await chooseSource(context, ask);
  const { io } = context;
  if (!context.options.json) io.err(`From ${shown(source.name, 400)}:`);
  let first = true;
  for await (const part of source.read(ask)) {
    const fits = part.filter(wanted);
    for (const line of first ? fits.slice(-limit) : fits) print(context, line);
    first = false;
  }
};

interface Wanted {
  readonly wanted: (line: LogLine) => boolean;
  /** Lines of the past that are printed. */
  readonly limit: number;
  readonly ask: LogAsk;
}

function readOptions({ io }: Context, options: LogsOptions): Wanted {
  const { follow = false, since, level, limit } = options;
  if (level !== undefined && !Object.hasOwn(levels, level)) {
    throw new CliError("usage", `--level: expected one of ${Object.keys(levels).join(", ")}`);
  }
  if (limit !== undefined && !(/^[1-9]\d{0,3}$/.test(limit) && Number(limit) <= MOST_LINES)) {
    throw new CliError("usage", `--limit: expected a whole number from 1 to ${MOST_LINES}`);
  }
  const sinceMs = since === undefined ? undefined : io.now() - parseSpan(since, "--since");
  const least = level === undefined ? 0 : levels[level as LogLevel];
  // What is sorted out afterwards must not count.
  const narrowed = sinceMs !== undefined || level !== undefined;
  const most =
    limit === undefined ? (sinceMs === undefined ? DEFAULT_LINES : MOST_LINES) : Number(limit);
  return {
    wanted: (line) =>
      levels[line.level] >= least && (sinceMs === undefined || (line.atMs ?? sinceMs) >= sinceMs),
    limit: most,
    ask: { lines: narrowed ? MOST_LINES : most, sinceMs, follow },
  };
}

function print({ io, options }: Context, line: LogLine): void {
  if (options.json) return io.data(jsonLine(lineRecord(line)));
  const text = lineText(line, io.showsPerson ? styleOf(io) : undefined);
  io.data(foldText(text, { width: io.lineColumns }));
}
