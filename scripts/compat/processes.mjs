// Programs that are run to their end or kept running: each in a process group of its own, with a
// deadline, and none left behind.
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** A row cannot be judged as working; the message says why. */
export class NotWorking extends Error {
  name = "NotWorking";
}

/** @type {Set<Program>} */
const running = new Set();

/** Kills every program that is still there, with what it started. */
export function killAll() {
  for (const program of running) program.kill();
}

/** The same, and waits until they are gone and write nothing more. */
export async function endAll() {
  killAll();
  await Promise.all([...running].map(({ ended }) => ended));
}

/** @param {import("node:child_process").ChildProcess} child @param {NodeJS.Signals} signal */
function killGroup(child, signal) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It ended in between.
  }
}

/** A program that runs until it is stopped. */
export class Program {
  /** All it printed, to standard output and standard error. */
  output = "";
  stdout = "";
  stderr = "";

  /** @param {readonly string[]} words @param {Record<string, string>} env @param {string} cwd */
  constructor(words, env, cwd) {
    const [file = "", ...args] = words;
    this.child = spawn(file, args, { env, cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    running.add(this);
    this.child.stdout.setEncoding("utf8").on("data", (text) => this.#printed("stdout", text));
    this.child.stderr.setEncoding("utf8").on("data", (text) => this.#printed("stderr", text));
    /** Resolves with the exit code; -1 after a signal or when it could not be started. */
    this.ended = new Promise((resolve) => {
      this.child.once("error", (error) => {
        this.#printed("stderr", error.message);
        resolve(-1);
      });
      this.child.once("close", (code) => resolve(code ?? -1));
    }).finally(() => running.delete(this));
  }

  #printed(/** @type {"stdout" | "stderr"} */ stream, /** @type {string} */ text) {
    this[stream] += text;
    this.output += text;
  }

  kill() {
    killGroup(this.child, "SIGKILL");
  }

  /** Asks it to end, and makes it after ten seconds. */
  async stop() {
    killGroup(this.child, "SIGTERM");
    const timer = setTimeout(() => killGroup(this.child, "SIGKILL"), 10_000);
    await this.ended;
    clearTimeout(timer);
  }
}

/**
 * Runs a program to its end.
 * @param {readonly string[]} words @param {{ env: Record<string, string>, cwd: string, ms: number }} how
 * @returns {Promise<{ code: number, stdout: string, stderr: string, output: string }>}
 */
export async function runToEnd(words, { env, cwd, ms }) {
  const program = new Program(words, env, cwd);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(program.child, "SIGKILL");
  }, ms);
  const code = await program.ended;
  clearTimeout(timer);
  // What a program started and left running would keep its folder busy.
  killGroup(program.child, "SIGKILL");
  if (late) throw new NotWorking(`did not end within ${ms / 1000} s: ${lastLine(program.output)}`);
  const { stdout, stderr, output } = program;
  return { code, stdout, stderr, output };
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
