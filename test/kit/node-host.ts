import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtProgram } from "./build.ts";
import { until } from "./until.ts";

/** `openclaw connect` as processes of one machine: its key and allow-list last from run to run. */
export class HostMachine {
  output = "";
  exited: { code: number | null } | undefined;
  #child: ChildProcess | undefined;

  private constructor(
    readonly program: string,
    readonly folder: string,
  ) {}

  static async make(allow: readonly string[] = []): Promise<HostMachine> {
    const folder = await mkdtemp(join(tmpdir(), "node-host-"));
    const machine = new HostMachine(await builtProgram(), folder);
    if (allow.length > 0) await machine.allow(allow);
    return machine;
  }

  /** Another program of the same machine: what it keeps is the other one's too. */
  beside(): HostMachine {
    return new HostMachine(this.program, this.folder);
  }

  async allow(lines: readonly string[]): Promise<void> {
    await writeFile(join(this.folder, "allow"), `${lines.join("\n")}\n`, { mode: 0o600 });
  }

  /** `input`: what stands on its standard input. */
  connect(where: string, args: readonly string[] = [], input?: string): void {
    const { PATH = "" } = process.env;
    const env = { PATH, HOME: this.folder, OPENCLAW_NODE_DIR: this.folder };
    const words = [this.program, "connect", where, ...args];
    const child = spawn(process.execPath, words, { env, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    // It may have ended before it read anything.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    this.exited = undefined;
    const add = (text: string) => {
      this.output += text;
    };
    child.stdout.setEncoding("utf8").on("data", add);
    child.stderr.setEncoding("utf8").on("data", add);
    child.on("close", (code) => {
      this.exited = { code };
    });
  }

  /** Waits until what was printed since `from` fits, and returns the match. */
  says(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return until(
      () => pattern.exec(this.output.slice(from)) ?? undefined,
      () => `${pattern} in: ${this.output}`,
    );
  }

  /** Its line in the list of processes, as every user of the machine sees it. */
  async commandLine(): Promise<string> {
    return readFile(`/proc/${this.#child?.pid}/cmdline`, "utf8");
  }

  /** What the process holds in memory now. */
  async memoryBytes(): Promise<number> {
    const text = await readFile(`/proc/${this.#child?.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) * 1024;
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  async end(): Promise<number | null> {
    return (
      await until(
        () => this.exited,
        () => `the host's end after: ${this.output}`,
      )
    ).code;
  }

  async close(): Promise<void> {
    if (this.#child && !this.exited) {
      this.signal("SIGKILL");
      await this.end();
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
