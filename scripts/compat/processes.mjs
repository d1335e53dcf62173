// Programs that are run to their end, each in a process group of its own and with a deadline.
import { setTimeout as sleep } from "node:timers/promises";
import { Program } from "../../test/kit/program.mjs";

/** A row cannot be judged as working; the message says why. */
export class NotWorking extends Error {
  name = "NotWorking";
}

/**
 * Runs a program to its end.
 * @param {readonly string[]} words @param {{ env: Record<string, string>, cwd: string, ms: number }} how
 * @returns {Promise<{ code: number, stdout: string, stderr: string, output: string }>}
 */
export async function runToEnd(words, { env, cwd, ms }) {
  const program = new Program(words, { env, cwd, group: true });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    program.signal("SIGKILL");
  }, ms);
  const { code } = await program.ended;
  clearTimeout(timer);
  // What a program started and left running would keep its folder busy.
  program.signal("SIGKILL");
  if (late) throw new NotWorking(`did not end within ${ms / 1000} s: ${lastLine(program.output)}`);
  const { stdout, stderr, output } = program;
  return { code: code ?? -1, stdout, stderr, output };
}

/** Long enough on a machine that is busy with other things, short enough for a run that ends. */
const PATIENCE_MS = 120_000;

/** Tries until `attempt` gives something that is not false or undefined. */
export async function until(attempt, what, ms = PATIENCE_MS) {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = await attempt();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new NotWorking(`${what}: not within ${ms / 1000} s`);
    await sleep(200);
  }
}

/** The last line that says something. @param {string} text */
export function lastLine(text) {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
