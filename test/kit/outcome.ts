import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { Readable } from "node:stream";

/** What came of a program. */
export interface Result {
  /** Its exit code; -1 where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Gives `input` to a program that was just started, and resolves once it ended and all was read. */
export function outcomeOf(
  child: ChildProcessWithoutNullStreams,
  input: string | Readable,
): Promise<Result> {
  child.stdin.on("error", () => undefined);
  if (typeof input === "string") child.stdin.end(input);
  else input.pipe(child.stdin);
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, ...said }));
  });
}
