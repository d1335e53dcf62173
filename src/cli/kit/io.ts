import { noteContainer } from "../../host/container.ts";
import type { Environment } from "../../lib/environment.ts";
import type { Calls } from "../../protocol/command.ts";
import type { Text } from "../../protocol/text.ts";
import { foldText } from "../../words/fold.ts";
import { typedCalls } from "./typed.ts";

/** The terminal and environment of one run, as a value, so that tests need neither. */
export interface Io {
  readonly env: NodeJS.ProcessEnv;
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** What was asked for, on standard output, exactly as it is: JSON, a link, a secret, a value. */
  data(text: string): void;
  /** A line for people on standard output. Commands in it are shown as they are typed here. */
  out(line: Text): void;
  /** A line on standard error: what went wrong, and remarks that a pipe must not carry. */
  err(line: Text): void;
  /** A person sees the output. */
  readonly showsPerson: boolean;
  /** A person types the input; what is secret must not be echoed. */
  readonly readsPerson: boolean;
  /** A person can be shown something and asked: input and output are terminals. */
  readonly asksPerson: boolean;
  /** Columns for tables; `Infinity` where no person looks. */
  readonly columns: number;
  /** Columns that lines are wrapped at; `Infinity` where no person looks. */
  readonly lineColumns: number;
  /** Lines of the terminal; 24 where there is none. */
  readonly rows: number;
  readonly colour: boolean;
  /** Asks on the terminal and returns the line. `secret`: nothing is echoed. */
  prompt(question: Text, options?: { secret?: boolean }): Promise<string>;
  /** The first line of standard input. */
  readLine(): Promise<string>;
}

const LINES = 24;
const USUAL = 80;
const WIDE = 120;

/** What a stream tells of the terminal behind it. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/**
 * Columns that lines are wrapped at: the terminal's, fewer where `COLUMNS` says so; `Infinity` in a pipe
 * or a file, where nothing is wrapped.
 */
export function lineColumns({ isTTY, columns }: Screen, env: Environment): number {
  if (isTTY !== true) return Number.POSITIVE_INFINITY;
  const real = columns && columns > 0 ? columns : USUAL;
  const wanted = /^\d{1,4}$/.test(env["COLUMNS"] ?? "") ? Number(env["COLUMNS"]) : 0;
  return wanted > 0 ? Math.min(real, wanted) : real;
}

/** Tables take as much, and no more than 120: rows that are wider are hard to follow. */
export function tableColumns(columns: number): number {
  return columns === Number.POSITIVE_INFINITY ? columns : Math.min(columns, WIDE);
}

/** The process's own terminal. */
export function systemIo(): Io {
  const { stdin, stdout, stderr, env } = process;
  noteContainer(env);
  // Looked up only where something is shown, and once.
  let known: Calls | undefined;
  const calls = () => {
    known ??= typedCalls(env, process.argv[1]);
    return known;
  };
  const print = (stream: NodeJS.WriteStream, line: Text) => {
    stream.write(`${foldText(line, { width: lineColumns(stream, env), calls: calls() })}\n`);
  };
  // A reader that hangs up early (`| head`) is no failure of ours.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    env,
    now: () => Date.now(),
    data: (text) => void stdout.write(`${text}\n`),
    out: (line) => print(stdout, line),
    err: (line) => print(stderr, line),
    showsPerson: stdout.isTTY === true,
    readsPerson: stdin.isTTY === true,
    asksPerson: stdin.isTTY === true && stdout.isTTY === true,
    // A window may be drawn wider or narrower while a command runs.
    get columns() {
      return tableColumns(lineColumns(stdout, env));
    },
    get lineColumns() {
      return lineColumns(stdout, env);
    },
    get rows() {
      return stdout.rows || LINES;
    },
    colour: stdout.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb",
    prompt: async (question, options = {}) => {
      const { promptLine } = await import("./prompt.ts");
      const width = lineColumns(stdout.isTTY ? stdout : stderr, env);
      return promptLine(foldText(question, { width, calls: calls() }), options.secret ?? false);
    },
    readLine: async () => (await import("./prompt.ts")).firstLine(stdin),
  };
}
