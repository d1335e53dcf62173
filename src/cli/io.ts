import { asTypedHere, typedCommand } from "./typed.ts";

export type Environment = NodeJS.ProcessEnv;

/** The terminal and environment of one run, as a value, so that tests need neither. */
export interface Io {
  readonly env: Environment;
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** What was asked for, on standard output, exactly as it is: JSON, a link, a secret, a value. */
  data(text: string): void;
  /** A line for people on standard output. */
  out(line: string): void;
  /** A line on standard error: what went wrong, and remarks that a pipe must not carry. */
  err(line: string): void;
  /** A person sees the output. */
  readonly showsPerson: boolean;
  /** A person types the input; what is secret must not be echoed. */
  readonly readsPerson: boolean;
  /** A person can be shown something and asked: input and output are terminals. */
  readonly asksPerson: boolean;
  /** Columns for tables. */
  readonly columns: number;
  /** Lines of the terminal; 24 where there is none. */
  readonly rows: number;
  readonly colour: boolean;
  /** Asks on the terminal and returns the line. `secret`: nothing is echoed. */
  prompt(question: string, options?: { secret?: boolean }): Promise<string>;
  /** The first line of standard input. */
  readLine(): Promise<string>;
}

const LINES = 24;
const NARROW = 80;
const WIDE = 120;

/** Tables take 80 columns, or up to 120 where the terminal has them; never more than it has. */
export function tableColumns(columns: number | undefined): number {
  return columns === undefined || columns < 1 ? NARROW : Math.min(columns, WIDE);
}

/** The process's own terminal. */
export function systemIo(): Io {
  const { stdin, stdout, stderr, env } = process;
  const command = () => typedCommand(env, process.argv[1]);
  // A reader that hangs up early (`| head`) is no failure of ours.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    env,
    now: () => Date.now(),
    data: (text) => void stdout.write(`${text}\n`),
    out: (line) => void stdout.write(`${asTypedHere(line, command)}\n`),
    err: (line) => void stderr.write(`${asTypedHere(line, command)}\n`),
    showsPerson: stdout.isTTY === true,
    readsPerson: stdin.isTTY === true,
    asksPerson: stdin.isTTY === true && stdout.isTTY === true,
    columns: tableColumns(stdout.columns),
    rows: stdout.rows || LINES,
    colour: stdout.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb",
    prompt: async (question, options = {}) => {
      const { promptLine } = await import("./prompt.ts");
      return promptLine(question, options.secret ?? false);
    },
    readLine: async () => (await import("./prompt.ts")).firstLine(stdin),
  };
}
