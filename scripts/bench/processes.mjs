// Child processes of the bench: pinned to a core, measured through /proc, never left behind.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Program } from "../../test/kit/program.mjs";

/** The measurement itself cannot be trusted: the bench ends with an error. */
export class Broken extends Error {
  name = "Broken";
}

const cores = availableParallelism();
const SERVER_CORE = "0";
const LOAD_CORE = "1";
const coresOf = { server: SERVER_CORE, load: LOAD_CORE, all: `0-${cores - 1}` };

/** Gives the load its own core; says whether servers and load are kept apart. */
export function pinLoad() {
  if (cores < 2 || !hasTaskset()) return false;
  execFileSync("taskset", ["-a", "-cp", LOAD_CORE, String(process.pid)], { stdio: "ignore" });
  pinned = true;
  return true;
}

let pinned = false;

function hasTaskset() {
  try {
    execFileSync("taskset", ["-V"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * @typedef {object} Launch
 * @property {readonly string[]} args      arguments of node, script included
 * @property {Record<string, string>} [env]
 * @property {"server" | "load" | "all"} [on]  the servers' core (the default), the load's, or every core
 * @property {string} [log]                file that takes its output; none is kept by default
 * @property {boolean} [ipc]               whether messages go to and fro
 */

/** Starts node. @param {Launch} launch */
export function launch({ args, env = {}, on = "server", log, ipc = false }) {
  const command = [process.execPath, ...args];
  if (pinned) command.unshift("taskset", "-c", coresOf[on]);
  const output = log === undefined ? "dropped" : { file: log };
  return new Program(command, { env: { ...process.env, ...env }, output, ipc }).child;
}

/** Runs node to its end; its wall time in milliseconds. @param {Launch} what */
export async function timed(what) {
  const startedAt = performance.now();
  const child = launch({ on: "all", ...what });
  /** @type {number | null} */
  const code = await new Promise((resolve) => child.once("exit", resolve));
  return { ms: performance.now() - startedAt, code };
}

/** A running server. */
export class Server {
  #logins;

  /**
   * @param {import("node:child_process").ChildProcess} child
   * @param {{ port: number, logins?: import("./gateway.mjs").Build }} at  `logins`: whose devices may connect
   */
  constructor(child, { port, logins }) {
    this.child = child;
    this.port = port;
    this.#logins = logins;
    this.startedAt = performance.now();
  }

  get pid() {
    if (this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode) {
      throw new Broken("a server died");
    }
    return this.child.pid;
  }

  /** The build whose devices may connect to it. */
  get logins() {
    if (!this.#logins) throw new Broken("nobody may connect to this server");
    return this.#logins;
  }

  /** CPU time of all its threads, in nanoseconds, as the kernel's scheduler counts it. */
  cpuNs() {
    let sum = 0;
    for (const task of readdirSync(`/proc/${this.pid}/task`)) {
      const text = readFileSync(`/proc/${this.pid}/task/${task}/schedstat`, "utf8");
      sum += Number(text.split(" ")[0]);
    }
    return sum;
  }

  /** Resident memory in bytes. */
  rss() {
    const text = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) * 1024;
  }

  async stop() {
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    if (!this.child.kill("SIGTERM")) return;
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 10_000);
    await gone;
    clearTimeout(timer);
  }
}

/** Tries again until `attempt` gives something; a server that ended, or `ms`, is the end. */
export async function retry(
  /** @type {Server} */ server,
  /** @type {() => Promise<boolean>} */ attempt,
  ms = 120_000,
) {
  const deadline = performance.now() + ms;
  for (;;) {
    if (await attempt()) return;
    const { exitCode, signalCode } = server.child;
    if (exitCode !== null || signalCode) throw new Broken("a server ended while starting");
    if (performance.now() > deadline) throw new Broken("a server did not start in time");
    await sleep(2);
  }
}
