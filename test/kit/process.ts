import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtProgram } from "./build.ts";
import { freePort } from "./free-port.mjs";
import { GatewayRun, gatewayArgs } from "./gateway-run.mjs";
import { until } from "./until.ts";

export type { LogRecord } from "./gateway-run.mjs";
export { GatewayRun };

/** The shared token that built test gateways are first started with. */
export const PROCESS_TOKEN = "process-token-0123456789abcdef";

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  /** Added to an environment that holds PATH, HOME and the state folder only. */
  readonly env?: Readonly<Record<string, string>>;
  /** Shared token of a first start; `null` for none. */
  readonly token?: string | null;
  /** Arguments for node itself. */
  readonly nodeArgs?: readonly string[];
  /** Added to `gateway run --port <port>`. */
  readonly args?: readonly string[];
  /** Where the state is, such as on a disk of the test's own; a new folder by default. */
  readonly stateDir?: string;
  /** What the gateway is run by, such as `prlimit --nofile=64`; it must become the gateway. */
  readonly runner?: readonly string[];
}

/** The built gateway on a state folder of its own, through as many runs as a test needs. */
export class GatewayProcess {
  readonly runs: GatewayRun[] = [];

  private constructor(
    readonly program: string,
    readonly stateDir: string,
    readonly port: number,
    private readonly options: ProcessOptions,
  ) {}

  /** A state folder and a free port, nothing running yet. */
  static async prepare(options: ProcessOptions = {}): Promise<GatewayProcess> {
    const program = await builtProgram();
    const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), "gateway-e2e-")));
    return new GatewayProcess(program, stateDir, await freePort(), options);
  }

  static async start(options: ProcessOptions = {}): Promise<GatewayProcess> {
    const gateway = await GatewayProcess.prepare(options);
    const { token = PROCESS_TOKEN } = options;
    await gateway.start(token === null ? {} : { OPENCLAW_GATEWAY_TOKEN: token });
    return gateway;
  }

  /** The environment of every run and command: nothing of the test's own leaks in. */
  get env(): Record<string, string> {
    const { PATH = "" } = process.env;
    const { stateDir } = this;
    return { PATH, HOME: stateDir, OPENCLAW_STATE_DIR: stateDir, ...this.options.env };
  }

  get run(): GatewayRun {
    const run = this.runs.at(-1);
    if (!run) throw new Error("the gateway was not started");
    return run;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  get adminSocket(): string {
    return join(this.stateDir, "admin.sock");
  }

  /** All output of all runs. */
  get output(): string {
    return this.runs.map(({ output }) => output).join("");
  }

  /** Starts without waiting. */
  launch(env: Readonly<Record<string, string>> = {}): GatewayRun {
    const { nodeArgs = [], args = [], runner = [] } = this.options;
    const { program, port } = this;
    const words = [process.execPath, ...gatewayArgs({ program, port, nodeArgs, args })];
    const run = new GatewayRun([...runner, ...words], { env: { ...this.env, ...env } });
    this.runs.push(run);
    return run;
  }

  /** Starts and waits until it is ready. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<GatewayRun> {
    const run = this.launch(env);
    await run.ready();
    return run;
  }

  /**
   * Resolves once a gateway that runs, and that nobody asks for anything, writes nothing more: some
   * seconds after a line of the audit is in its file the state notes so.
   */
  async atRest(): Promise<void> {
    const newest = (journal: string, op: RegExp) =>
      Math.max(0, ...[...journal.matchAll(op)].map(([, seq]) => Number(seq)));
    await until(async () => {
      const journal = await readFile(join(this.stateDir, "gateway.journal"), "utf8");
      const decided = newest(journal, /"op":"audit","line":\{"seq":(\d+)/g);
      return newest(journal, /"op":"audit-written","signed":\{"seq":(\d+)/g) >= decided;
    }, "the note of what is in the audit's file");
  }

  /** Kills with SIGKILL and waits until the process is gone. */
  async kill(): Promise<void> {
    this.run.signal("SIGKILL");
    await this.run.end();
  }

  /** Ends with SIGTERM and resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.run.signal("SIGTERM");
    return this.run.end();
  }

  /** Runs `openclaw …` on this gateway's state, as a person with a pipe instead of a terminal would. */
  cli(args: readonly string[], options: { input?: string } = {}): Promise<CliResult> {
    const child = spawn(process.execPath, [this.program, ...args], { env: this.env });
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
    });
  }

  /** Runs a command that must succeed; resolves with what it printed. */
  async ok(args: readonly string[], options: { input?: string } = {}): Promise<string> {
    const { code, stdout, stderr } = await this.cli(args, options);
    if (code !== 0) throw new Error(`openclaw ${args.join(" ")}: exit code ${code}\n${stderr}`);
    return stdout;
  }

  /** The payload that a command prints with `--json`. */
  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.ok([...args, "--json"]));
  }

  /** Ends whatever still runs and removes the state. */
  async close(): Promise<void> {
    for (const run of this.runs) {
      if (!run.exited) run.signal("SIGKILL");
      await run.end();
    }
    await rm(this.stateDir, { recursive: true, force: true });
  }
}
