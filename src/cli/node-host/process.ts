import { type ChildProcess, spawn } from "node:child_process";
import { homedir } from "node:os";
import { whyFailed } from "../../lib/system-words.ts";
import { nodeHostLimitTable } from "../../limits/node-host.ts";
import { HostError } from "./errors.ts";

/** Where programs are looked for, independent of this process's own PATH. */
export const SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Milliseconds from SIGTERM to SIGKILL. */
const GRACE_MS = 2_000;
/** What a command started and left behind gets to finish writing. */
const LEFTOVER_MS = 500;

export interface RunAsk {
  readonly argv: readonly string[];
  /** Variables added to the minimal environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly outputBytes: number;
  /** Ends the command early. */
  readonly signal: AbortSignal;
  /** Told of output as it comes. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

/** How a command ended. `exitCode` is null after a signal. */
export interface RunResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

/** Little enough that nothing of this process's own environment (tokens, keys) gets into a command. */
function minimalEnvironment(): Record<string, string> {
  return { PATH: SEARCH_PATH, HOME: process.env["HOME"] || homedir(), LANG: "C.UTF-8" };
}

/** The programs that run here, bounded in number. */
export class Programs {
  #running = 0;

  constructor(private readonly most: number = nodeHostLimitTable.hostPrograms.value) {}

  /**
   * Runs a program as {@link runProgram} does, in one of the places.
   * @throws HostError (UNAVAILABLE) at once where too many run
   */
  async run(ask: RunAsk): Promise<RunResult> {
    if (this.#running >= this.most) {
      throw new HostError("UNAVAILABLE", `busy: ${this.most} programs run already`);
    }
    this.#running += 1;
    try {
      return await runProgram(ask);
    } finally {
      this.#running -= 1;
    }
  }
}

/**
 * Runs a program, never a shell, in a process group of its own. At the deadline, or when `signal`
 * aborts, the whole group is ended, and killed where that does not help. Rejects with a HostError
 * where the program can't be started.
 */
export function runProgram(ask: RunAsk): Promise<RunResult> {
  const [program = "", ...args] = ask.argv;
  return new Promise((resolve, reject) => {
    if (ask.signal.aborted) return reject(new HostError("CANCELLED", "cancelled"));
    const child = spawn(program, args, {
      cwd: "/",
      env: { ...minimalEnvironment(), ...ask.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const stdout = new Tail(ask.outputBytes);
    const stderr = new Tail(ask.outputBytes);
    collect(child, { stdout, stderr, onOutput: ask.onOutput });
    let timedOut = false;
    const termination = new Termination(child);
    const deadline = setTimeout(() => {
      timedOut = true;
      termination.begin();
    }, ask.timeoutMs);
    const cancel = () => termination.begin();
    ask.signal.addEventListener("abort", cancel, { once: true });
    const settle = () => {
      clearTimeout(deadline);
      ask.signal.removeEventListener("abort", cancel);
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      settle();
      termination.over();
      reject(new HostError("FAILED", `${program} could not be started: ${whyFailed(error)}`));
    });
    child.once("exit", () => termination.exited());
    child.once("close", (exitCode, signal) => {
      settle();
      termination.over();
      const texts = { stdout: stdout.text(), stderr: stderr.text() };
      resolve({ exitCode, signal, timedOut, ...texts, truncated: stdout.cut || stderr.cut });
    });
  });
}

interface Sinks {
  readonly stdout: Tail;
  readonly stderr: Tail;
  readonly onOutput: ((text: string) => void) | undefined;
}

function collect(child: ChildProcess, { stdout, stderr, onOutput }: Sinks): void {
  child.stdout?.on("data", (part: Buffer) => {
    stdout.add(part);
    onOutput?.(part.toString("utf8"));
  });
  child.stderr?.on("data", (part: Buffer) => stderr.add(part));
}

/** Ends a process group: by SIGTERM first, by SIGKILL later. */
class Termination {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly child: ChildProcess) {}

  begin(): void {
    this.#signal("SIGTERM");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#kill(), GRACE_MS);
  }

  /** The program ended; children that it left behind may hold its output open. */
  exited(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#kill(), LEFTOVER_MS);
  }

  /** Nothing holds its output any more. What it left in its group without that ends as well. */
  over(): void {
    clearTimeout(this.#timer);
    this.#signal("SIGKILL");
  }

  #kill(): void {
    this.#signal("SIGKILL");
    // What left the group can hold the pipes for ever; they are not read from here on.
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
  }

  #signal(name: NodeJS.Signals): void {
    const { pid } = this.child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch {
      // The group is gone already.
    }
  }
}

/** The last bytes of a stream. */
class Tail {
  cut = false;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(private readonly most: number) {}

  add(part: Buffer): void {
    this.#parts.push(part);
    this.#bytes += part.length;
    while (this.#bytes - (this.#parts[0]?.length ?? 0) >= this.most) {
      this.#bytes -= this.#parts.shift()?.length ?? 0;
      this.cut = true;
    }
  }

  text(): string {
    const all = Buffer.concat(this.#parts);
    if (all.length <= this.most) return all.toString("utf8");
    this.cut = true;
    return all.subarray(all.length - this.most).toString("utf8");
  }
}
