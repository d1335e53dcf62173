// @ts-check
// Programs that are kept running: what they print is kept or goes to a file, and none is left behind.
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** What did not come in that time does not come at all: no machine is so slow. */
const HANG_MS = 120_000;
/** A program that was asked to end is killed after that long. */
const STOP_MS = 10_000;

/** @type {Set<Program>} */
const running = new Set();

/** Kills every program that is still there. */
export function killAll() {
  for (const program of running) program.signal("SIGKILL");
}

/** Kills every program that is still there, and waits until they are gone and write nothing more. */
export async function endAll() {
  killAll();
  await Promise.all([...running].map(({ ended }) => ended));
}

/**
 * @typedef {object} How
 * @property {NodeJS.ProcessEnv} [env]    all of its environment; empty by default
 * @property {string} [cwd]
 * @property {boolean} [group]            in a process group of its own: signals reach what it started
 * @property {boolean} [ipc]              messages go to and fro over `child`
 * @property {"kept" | "dropped" | { readonly file: string }} [output]   what becomes of all it prints
 *
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null }} Exit
 */

/** A program that runs until it ends or is ended. */
export class Program {
  /** All it printed, to standard output and standard error, where that is kept. */
  output = "";
  stdout = "";
  stderr = "";
  /** How it ended, once all output was read. A program that could not be started has code -1. @type {Exit | undefined} */
  exited;
  /** @type {Set<() => void>} */
  #waiting = new Set();
  #group;

  /** @param {readonly string[]} words program and arguments @param {How} [how] */
  constructor(words, { env = {}, cwd, group = false, ipc = false, output = "kept" } = {}) {
    const [file = "", ...args] = words;
    this.#group = group;
    const to = typeof output === "object" ? openSync(output.file, "a") : output;
    const out = to === "kept" ? "pipe" : to === "dropped" ? "ignore" : to;
    this.child = spawn(file, args, {
      env,
      cwd,
      detached: group,
      stdio: ["ignore", out, out, ...(ipc ? [/** @type {const} */ ("ipc")] : [])],
    });
    if (typeof out === "number") closeSync(out);
    this.pid = this.child.pid ?? 0;
    running.add(this);
    this.child.stdout?.setEncoding("utf8").on("data", (text) => this.printed("stdout", text));
    this.child.stderr?.setEncoding("utf8").on("data", (text) => this.printed("stderr", text));
    /** @type {Promise<Exit>} */
    this.ended = new Promise((resolve) => {
      this.child.once("error", (error) => {
        this.printed("stderr", error.message);
        resolve({ code: -1, signal: null });
      });
      this.child.once("close", (code, signal) => resolve({ code, signal }));
    });
    void this.ended.then((exit) => {
      this.exited = exit;
      running.delete(this);
      this.#look();
    });
  }

  /** @param {"stdout" | "stderr"} stream @param {string} text */
  printed(stream, text) {
    this[stream] += text;
    this.output += text;
    this.#look();
  }

  #look() {
    for (const look of [...this.#waiting]) look();
  }

  /**
   * Resolves with what `find` finds in what was printed, looking again whenever more is; rejects when
   * the program ends without it.
   * @template T
   * @param {() => T | undefined} find
   * @param {string} what
   * @returns {Promise<T>}
   */
  when(find, what, timeoutMs = HANG_MS) {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      const look = () => {
        const found = find();
        if (found === undefined && !this.exited) return;
        done();
        if (found !== undefined) resolve(found);
        else reject(new Error(`ended without ${what}: ${this.output}`));
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`not within ${timeoutMs} ms: ${what}: ${this.output}`));
      }, timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  /** Sends a signal, to its whole group if it has one; nothing happens to one that ended. @param {NodeJS.Signals} name */
  signal(name) {
    if (!this.#group) return void this.child.kill(name);
    try {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, name);
    } catch {
      // It ended in between.
    }
  }

  /** Asks it to end, and kills it after ten seconds. */
  async stop() {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }

  /**
   * Resolves with the exit code (`null` after a signal) once all output was read.
   * @returns {Promise<number | null>}
   */
  async end(timeoutMs = HANG_MS) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const late = new Promise((_, reject) => {
      const error = new Error(`not within ${timeoutMs} ms: the program's end: ${this.output}`);
      timer = setTimeout(() => reject(error), timeoutMs);
    });
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
    return (await this.ended).code;
  }
}
