import { hostname } from "node:os";
import { nodeHostLimitTable as limits } from "../../limits/node-host.ts";
import { plainText, say } from "../../protocol/text.ts";
import { readAllowFile } from "./allow-file.ts";
import { allowedBy, allowLine } from "./allow-list.ts";
import type { HostCall, HostFacts } from "./call.ts";
import { HostError, invalid } from "./errors.ts";

/** An answer that says what was printed so far must still reach the caller in time. */
const ANSWER_MS = 500;

/**
 * `{command: [words], timeoutMs?, stream?}` → `{exitCode, success, timedOut, stdout, stderr, …}`,
 * for commands on this machine's allow-list and no others.
 * @throws HostError where the params are wrong, the command is not allowed, or the caller cancelled
 */
export async function systemRun(call: HostCall, facts: HostFacts): Promise<unknown> {
  const argv = readWords(call.params);
  checkAllowed(argv, facts.allowPath);
  facts.log(`runs ${allowLine(argv)}`);
  const ended = await facts.programs.run({
    argv,
    timeoutMs: patience(call),
    outputBytes: limits.hostOutputBytes.value,
    signal: call.signal,
    onOutput: call.params["stream"] === true ? call.progress : undefined,
  });
  if (call.signal.aborted) throw new HostError("CANCELLED", "cancelled by the caller");
  const { exitCode, signal, timedOut, stdout, stderr, truncated } = ended;
  const success = exitCode === 0 && !timedOut;
  const error = timedOut ? { error: "ended at its deadline" } : {};
  const note = { ...(signal && { signal }), ...(truncated && { truncated }), ...error };
  return { exitCode, success, timedOut, stdout, stderr, ...note };
}

function readWords(params: Readonly<Record<string, unknown>>): string[] {
  const { command, cwd, env } = params;
  const words = Array.isArray(command) && command.length > 0 ? command : undefined;
  if (!words?.every((word) => typeof word === "string" && !word.includes("\0"))) {
    throw invalid('command: expected an array of words such as ["df", "-h"]; there is no shell');
  }
  if (words[0] === "") throw invalid("command: the program has no name");
  const hasEnv = typeof env === "object" && env !== null && Object.keys(env).length > 0;
  if ((typeof cwd === "string" && cwd !== "") || hasEnv) {
    throw invalid("cwd and env can't be chosen here: an allowed command runs in / as it stands");
  }
  return words;
}

function checkAllowed(argv: readonly string[], path: string): void {
  const file = readAllowFile(path);
  const refused = (message: string) =>
    new HostError("NOT_ALLOWED", `system.run refused by ${hostname()}: ${message}`);
  if (file.kind === "bad")
    throw refused(plainText(say`the allow-list ${path} ${file.problem}: ${file.next}`));
  if (file.kind === "list" && allowedBy(file.list, argv)) return;
  throw refused(`not on its allow-list; to allow it add this line to ${path}: ${allowLine(argv)}`);
}

function patience({ params, timeoutMs }: HostCall): number {
  const asked = params["timeoutMs"];
  const own = typeof asked === "number" && asked > 0 ? asked : Number.POSITIVE_INFINITY;
  const rest = Math.max(1, timeoutMs - Math.min(ANSWER_MS, timeoutMs / 10));
  return Math.min(own, rest, limits.hostRunMs.value);
}
