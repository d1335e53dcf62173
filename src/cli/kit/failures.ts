import { systemWords } from "../../lib/system-words.ts";
import { openclaw, shell } from "../../protocol/command.ts";
import { readText, say, type Text } from "../../protocol/text.ts";
import { CliError, type ExitName } from "./exit.ts";
import { shownLines, shownText } from "./words.ts";

/** A failure as it is printed. */
export interface Failure {
  readonly message: string;
  readonly next?: Text;
  readonly code?: string;
  readonly exit: ExitName;
}

/** An error as the gateway sends it, or as its code throws it where it does not run. */
interface CodedError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly next?: Text;
  readonly details?: unknown;
  readonly retryAfterMs?: unknown;
}

/** What a person reads about an error that a command threw, and the exit code. */
export function explainFailure(error: unknown): Failure {
  if (error instanceof CliError) {
    const { message, next, code, exit } = error;
    return clean({ message, next, code, exit });
  }
  if (typeof error !== "object" || error === null) return unexpected(String(error));
  const { message, code, details } = error as CodedError;
  const system = ofSystem(error);
  if (system) return system;
  if (typeof code !== "string") return unexpected(String(message ?? error));
  const facts = (details ?? {}) as Record<string, unknown>;
  const name = typeof facts["code"] === "string" ? facts["code"] : code;
  return clean({
    message: String(message ?? code),
    code: name,
    exit: exitOf(name, code),
    next: nextOf(name, error as CodedError, facts),
  });
}

/** What the system refused this program: never in its own words. */
function ofSystem(error: object): Failure | undefined {
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  const words = typeof syscall === "string" ? systemWords(error) : undefined;
  if (words === undefined || code === undefined) return undefined;
  if (path === undefined) {
    const exit = unreachableCodes.test(code) ? "unreachable" : "failed";
    return clean({ message: words, code, exit, next: openclaw`doctor` });
  }
  const next = /^(ENOSPC|EDQUOT)$/.test(code) ? shell`df -h` : shell`ls -ld ${path}`;
  return clean({ message: `${path}: ${words}`, code, exit: "failed", next });
}

function clean(failure: { [name in keyof Failure]: Failure[name] | undefined }): Failure {
  const { message, next, code, exit } = failure;
  return {
    message: shownLines(message ?? "") || "it gave no reason",
    exit: exit ?? "failed",
    ...(next !== undefined && { next: shownText(next) }),
    ...(code !== undefined && { code: shownLines(code) }),
  };
}

function unexpected(message: string): Failure {
  const next = "run the command again with --verbose and report what it prints";
  return {
    message: `unexpected: ${shownLines(message) || "no reason given"}`,
    next,
    exit: "failed",
  };
}

const NOT_WRITABLE = /^(STATE|AUDIT)_NOT_WRITABLE$/;
const credentialCodes = /^(NOT_PAIRED|PAIRING_|AUTH_|DEVICE_|CONTROL_UI_|MISSING_SCOPE|FORBIDDEN)/;
const unreachableCodes = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)/;
const unknownCodes: readonly string[] = [
  "UNKNOWN_REQUEST",
  "UNKNOWN_DEVICE",
  "UNKNOWN_NODE",
  "SSH_KEY_UNKNOWN",
];

function exitOf(name: string, code: string): ExitName {
  if (unknownCodes.includes(name)) return "notFound";
  if (name.startsWith("STORE_") || NOT_WRITABLE.test(name)) return "state";
  if (name.startsWith("CONFIG_")) return "config";
  if (unreachableCodes.test(name)) return "unreachable";
  return credentialCodes.test(name) || credentialCodes.test(code) ? "credentials" : "failed";
}

/** The exact next step: the gateway's own where it gave one. */
function nextOf(name: string, error: CodedError, facts: Record<string, unknown>): Text | undefined {
  if (error.next !== undefined) return error.next;
  const next = readText(facts["next"]);
  if (next !== undefined) return next;
  // Gateways of other versions say it in words alone.
  const { approveCommand, cure } = facts;
  if (typeof approveCommand === "string") return `on the gateway host: ${approveCommand}`;
  if (typeof cure === "string") return cure;
  if (name === "MISSING_SCOPE") return "run the command on the gateway's own machine";
  if (typeof error.retryAfterMs === "number") {
    return `repeat the command in ${Math.max(1, Math.ceil(error.retryAfterMs / 1000))} s`;
  }
  return undefined;
}

/** The lines of a failure. `verbose` adds the machine-readable code and where it happened. */
export function failureLines(error: unknown, verbose: boolean): Text[] {
  const { message, next, code } = explainFailure(error);
  const lines: Text[] = [`openclaw: ${message}`];
  if (next !== undefined) lines.push(say`  next: ${next}`);
  if (!verbose) return lines;
  if (code !== undefined) lines.push(`  code: ${code}`);
  if (error instanceof Error && error.stack) lines.push(shownLines(error.stack));
  return lines;
}
