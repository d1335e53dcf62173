import type { Text } from "../../protocol/text.ts";

/** Every exit code of the program with its meaning; `openclaw --help` prints this table. */
export const exitCodes = {
  ok: { code: 0, means: "done" },
  failed: { code: 1, means: "refused or failed" },
  usage: { code: 2, means: "the command line was not understood" },
  unreachable: { code: 3, means: "the gateway is not running or does not answer" },
  credentials: { code: 4, means: "pairing or credentials needed" },
  notFound: { code: 5, means: "no such code or device" },
  state: { code: 6, means: "the state is locked, damaged or can't be written" },
  config: { code: 78, means: "the configuration has errors" },
} as const;

export type ExitName = keyof typeof exitCodes;

/** The table as text, one code a line. */
export function exitCodeHelp(): string {
  const rows = Object.values(exitCodes).map(
    ({ code, means }) => `  ${String(code).padEnd(4)}${means}`,
  );
  return ["Exit codes:", ...rows].join("\n");
}

/** A failure of a command, for people: what went wrong, and the exact next command if there is one. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exit: ExitName;
  /** What to type next. */
  readonly next: Text | undefined;
  /** Machine-readable name of the failure, as the gateway gave it. */
  readonly code: string | undefined;

  /** Root would not meet it: what helps is the same command with root's rights. */
  readonly asRoot: boolean;

  constructor(exit: ExitName, message: string, more: CliErrorDetails = {}) {
    super(message, { cause: more.cause });
    this.exit = exit;
    this.next = more.next;
    this.code = more.code;
    this.asRoot = more.asRoot ?? false;
  }
}

export interface CliErrorDetails {
  readonly next?: Text | undefined;
  readonly code?: string | undefined;
  readonly asRoot?: boolean;
  readonly cause?: unknown;
}
