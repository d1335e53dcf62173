import { type Command, shell } from "../protocol/command.ts";
import type { GatewayNote } from "../protocol/note.ts";
import { plainText, say, type Text } from "../protocol/text.ts";
import { HIDDEN } from "./hide.ts";

/** Every way the config can be wrong, by code. Codes are stable; the sentences are not. */
export const configCodes = {
  CONFIG_SYNTAX: "the file is not JSON with comments and trailing commas",
  CONFIG_VALUE: "a key holds a value of the wrong kind or out of range",
  CONFIG_UNKNOWN_KEY: "a key this gateway does not use",
  CONFIG_UNKNOWN_COMMAND: "a node command that no node comes with",
  CONFIG_INCLUDE: "the file takes settings from other files, which are not read",
  CONFIG_DUPLICATE_KEY: "the same key is written more than once, in one spelling or in two",
  CONFIG_CLEAR_SECRET: "a secret stands in the file in clear text",
  CONFIG_REDACTED: "the placeholder for a hidden secret was given as a value",
  CONFIG_READ: "the file can't be read",
  CONFIG_WRITE: "the file can't be written",
  CONFIG_HOST_ONLY: "a key that only the owner on the gateway host may change",
  CONFIG_CHANGED: "the file changed between reading and writing",
  CONFIG_GONE: "the file vanished or was emptied while the gateway ran",
  CONFIG_DASHBOARD_ROOT: "dashboard.root names a folder that must not be served",
  CONFIG_WATCH: "the file can't be watched, so it is compared at intervals",
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
  /** What may stand there. */
  readonly expected?: string;
  /** The message without text that was found, where that may be a secret in the wrong place. */
  readonly hiding?: string;
  /** The key or command that was probably meant, where an unknown one is only a slip away from it. */
  readonly nearest?: string;
  /** What to do next: the exact command. */
  readonly next: Text;
}

/** A refused config operation. `message` and `next` are for people and hold no secret. */
export class ConfigError extends Error {
  readonly code: ConfigCode;
  /** What to do next: the exact command. */
  readonly next: Text;
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
  readonly next: Text;
  readonly issues?: readonly ConfigIssue[];
  readonly cause?: unknown;
}

/**
 * The issue as it may stand in the log and in `config.get`, whose readers need not be the owner: text
 * that a key refused stands in the wrong place and may be a secret, so it is hidden.
 */
export function discreet(issue: ConfigIssue): ConfigIssue {
  const { hiding, ...shown } = issue;
  return hiding === undefined ? shown : { ...shown, found: HIDDEN_TEXT, message: hiding };
}

/** The issue as JSON: the next step is one sentence there. */
export function issueRow({ hiding: _, next, ...issue }: ConfigIssue) {
  return { ...issue, next: plainText(next) };
}

/** What stands for text that may be a secret. */
export const HIDDEN_TEXT = `text ${HIDDEN}`;

/** `file:line:column: message` and the next command on a line of its own, as compilers print it. */
export function formatIssue(issue: ConfigIssue, file: string): Text {
  return say`${placed(issue, file)}\n  next: ${issue.next}`;
}

function placed({ line, column, message }: ConfigIssue, file: string): string {
  return `${line === undefined ? file : `${file}:${line}:${column ?? 1}`}: ${message}`;
}

/** A warning about the file. */
export function issueNote(issue: ConfigIssue, file: string): GatewayNote {
  const { code, next } = issue;
  return { code, message: placed(issue, file), next, text: formatIssue(issue, file) };
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
export function editCommand(file: string, line = 1): Command {
  return shell`\${EDITOR:-nano} +${line} ${file}`;
}
