import { shellWord } from "../lib/shell-word.ts";
import { HIDDEN } from "./hide.ts";

export { shellWord };

/** Every way the config can be wrong, by code. Codes are stable; the sentences are not. */
export const configCodes = {
  CONFIG_SYNTAX: "the file is not JSON with comments and trailing commas",
  CONFIG_VALUE: "a key holds a value of the wrong kind or out of range",
  CONFIG_UNKNOWN_KEY: "a key this gateway does not use",
  CONFIG_DUPLICATE_KEY: "the same key is written more than once",
  CONFIG_CLEAR_SECRET: "a secret stands in the file in clear text",
  CONFIG_REDACTED: "the placeholder for a hidden secret was given as a value",
  CONFIG_READ: "the file can't be read",
  CONFIG_WRITE: "the file can't be written",
  CONFIG_HOST_ONLY: "a key that only the owner on the gateway host may change",
  CONFIG_CHANGED: "the file changed between reading and writing",
  CONFIG_GONE: "the file vanished or was emptied while the gateway ran",
  CONFIG_DASHBOARD_ROOT: "dashboard.root names a folder that must not be served",
  CONFIG_WATCH: "the folder of the file can't be watched",
} as const;

export type ConfigCode = keyof typeof configCodes;

/** One issue of the config. Holds no secret: every field may be printed or sent. */
export interface ConfigIssue {
  readonly code: ConfigCode;
  /** Dotted key, `""` when the file as a whole is meant. */
  readonly path: string;
  /** A whole sentence, with what was found and what was expected. */
  readonly message: string;
  /** 1-based; absent when the issue has no place in the file (environment, flags). */
  readonly line?: number;
  readonly column?: number;
  readonly found?: string;
  /** What may stand there; of a key that nothing knows, the one that was probably meant. */
  readonly expected?: string;
  /** The exact command to run next. */
  readonly next: string;
}

/** A refused config operation. `message` and `next` are for people and hold no secret. */
export class ConfigError extends Error {
  readonly code: ConfigCode;
  /** The exact command to run next. */
  readonly next: string;
  readonly issues: readonly ConfigIssue[];

  constructor(code: ConfigCode, message: string, more: ConfigErrorDetails) {
    super(message, { cause: more.cause });
    this.name = "ConfigError";
    this.code = code;
    this.next = more.next;
    this.issues = more.issues ?? [];
  }
}

export interface ConfigErrorDetails {
  readonly next: string;
  readonly issues?: readonly ConfigIssue[];
  readonly cause?: unknown;
}

/**
 * The issue as it may stand in the log and in `config.get`, whose readers need not be the owner: text
 * that a key refused stands in the wrong place and may be a secret, so it is hidden.
 */
export function discreet<T extends ConfigIssue>(issue: T): T {
  const { code, found = "", message } = issue;
  if (code !== "CONFIG_VALUE" || !/^["[]/.test(found)) return issue;
  const hidden = message.replace(`found ${found}`, () => `found text ${HIDDEN}`);
  return { ...issue, found: `text ${HIDDEN}`, message: hidden };
}

/** `file:line:column: message` and the next command on a line of its own, as compilers print it. */
export function formatIssue(issue: ConfigIssue, file: string): string {
  const place = issue.line === undefined ? file : `${file}:${issue.line}:${issue.column ?? 1}`;
  return `${place}: ${issue.message}\n  next: ${issue.next}`;
}

/** An error that carries the issues; its text and next command are those of the first. */
export function errorFromIssues(first: ConfigIssue, issues: readonly ConfigIssue[]): ConfigError {
  const place = placeOf(first);
  return new ConfigError(first.code, `${place}${first.message}`, { next: first.next, issues });
}

function placeOf(issue: ConfigIssue): string {
  return issue.line === undefined ? "" : `line ${issue.line}, column ${issue.column ?? 1}: `;
}

/** The command that opens the file at a line; nano, vi and emacs all take `+N`. */
export function editCommand(file: string, line = 1): string {
  return `\${EDITOR:-nano} +${line} ${shellWord(file)}`;
}
