import { spawn } from "node:child_process";
import type { Environment } from "../../../lib/environment.ts";

/** The journal of one unit. */
export interface UnitJournal {
  readonly unit: string;
  readonly env: Environment;
}

/** For people. */
export function journalName({ unit }: Pick<UnitJournal, "unit">): string {
  return `journald, unit ${unit}`;
}

/** Has journalctl begin at a moment, milliseconds since the epoch. */
export function sinceOption(ms: number): string {
  return `--since=@${Math.floor(ms / 1000)}`;
}

/** Characters that are kept of what journalctl says on standard error. */
const MOST_PROBLEM = 2_000;

/** Starts journalctl, which writes an entry a line, as JSON. `ended`: its exit code, and what it complained of. */
export function startJournalctl({ unit, env }: UnitJournal, options: readonly string[]) {
  // Without `--all` a line of more than 4 KiB is left out.
  const args = ["-u", unit, "-o", "json", "--all", "--no-pager", ...options];
  const child = spawn("journalctl", args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let problem = "";
  child.stderr.on("data", (part: Buffer) => {
    problem = (problem + part.toString()).slice(-MOST_PROBLEM);
  });
  const ended = new Promise<{ exit: number; problem: string }>((resolve) => {
    child.once("error", () => resolve({ exit: 127, problem }));
    child.once("close", (code) => resolve({ exit: code ?? 1, problem }));
  });
  return { child, ended };
}
