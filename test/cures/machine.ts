import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { openRunning } from "../../src/cli/reach/connect.ts";
import { commandText } from "../../src/protocol/command.ts";
import { FakeIo } from "../cli/support/io.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { fatal } from "./quiet-log.ts";
import { mark, type Said, since } from "./recorder.ts";

/** What came of one command line or event: what was printed, and the commands that it named. */
export interface Told {
  readonly exit: number;
  readonly text: string;
  readonly errors: string;
  readonly said: readonly Said[];
}

/** A command that goes on until it is stopped. */
export interface Following extends Told {
  readonly ended: Promise<number>;
}

export interface Typing {
  /** What the reader fills in, by the blank's words. */
  readonly fill?: Readonly<Record<string, string>>;
  /** Variables that are set for it alone. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. */
  readonly input?: string;
  /** What a person answers; then there is one at a terminal. */
  readonly answers?: readonly string[];
  /** The exit code that shows that it worked; 0 if absent. */
  readonly exit?: number;
}

/** The places of templates whose command was typed where it was said, and did what it should. */
export const typed = new Set<string>();

/** A terminal of this moment. */
class Terminal extends FakeIo {
  override now(): number {
    return Date.now();
  }
}

/** One machine with a state folder, where commands are typed as a person types them. */
export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), "openclaw-cure-"));
  readonly env: NodeJS.ProcessEnv;
  /** A gateway in this process on the machine's state, while one runs. */
  gateway: TestGateway | undefined;
  /** `gateway run` as it was typed here, while it runs. */
  #foreground: Promise<number> | undefined;
  /** Where a command of ours was typed last. */
  #terminal: Terminal | undefined;
  /** Places of what was typed here; they count once the whole situation held. */
  readonly #typed = new Set<string>();

  constructor(env: Record<string, string> = {}) {
    mkdirSync(this.stateDir, { mode: 0o700 });
    const { PATH } = process.env;
    this.env = { PATH, HOME: this.folder, OPENCLAW_STATE_DIR: this.stateDir, ...env };
  }

  get stateDir(): string {
    return join(this.folder, "state");
  }

  get configFile(): string {
    return join(this.stateDir, "openclaw.json");
  }

  /** The configuration's text as it is; written first where `text` is given. */
  config(text?: string | object): string {
    if (text !== undefined) {
      writeFileSync(this.configFile, typeof text === "string" ? text : JSON.stringify(text));
    }
    return existsSync(this.configFile) ? readFileSync(this.configFile, "utf8") : "";
  }

  /** Puts a program on the path that does what this script of the shell says. */
  tool(name: string, script: string): void {
    const tools = join(this.folder, "tools");
    mkdirSync(tools, { recursive: true });
    writeFileSync(join(tools, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    if (!this.env["PATH"]?.startsWith(tools)) this.env["PATH"] = `${tools}:${this.env["PATH"]}`;
  }

  /** What opens files here: a program that does this to them, in the language of sed. */
  editor(script: string): void {
    const file = join(this.folder, "editor");
    writeFileSync(file, `#!/bin/sh\nsed -i '${script}' "$2"\n`, { mode: 0o755 });
    this.env["EDITOR"] = file;
  }

  async start(options: TestGatewayOptions = {}): Promise<TestGateway> {
    this.gateway = await startTestGateway({ stateDir: this.stateDir, ...options });
    return this.gateway;
  }

  async stop(): Promise<void> {
    await this.gateway?.close();
    this.gateway = undefined;
    if (this.#foreground) process.emit("SIGTERM");
    await this.#foreground;
  }

  /** Types `gateway run`; resolves once that gateway answers, or ended. */
  async runs(
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
    at: "pipe" | "terminal" = "pipe",
  ): Promise<Told> {
    const port = argv.includes("--port") ? {} : { OPENCLAW_GATEWAY_PORT: "0" };
    const io = new Terminal({ ...this.env, ...port, ...env });
    io.showsPerson = at === "terminal";
    // The banner goes past the terminal of the command line.
    const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const from = mark();
    let exit: number | undefined;
    const run = main(argv, io).then((code) => {
      exit = code;
      this.#foreground = undefined;
      return code;
    });
    this.#foreground = run;
    await until(
      async () => exit !== undefined || (await this.#answers(io.env)),
      "a gateway that answers",
    );
    if (at === "terminal" && exit === undefined) {
      await until(() => out.mock.calls.length > 0, "the banner");
    }
    out.mockRestore();
    const errors = exit === undefined ? io.errorText : inspect(fatal.at(-1));
    return { exit: exit ?? 0, text: io.text, errors, said: since(from) };
  }

  /** Types `connect`; resolves once this machine is a node that connected or waits, or it ended. */
  async joins(argv: readonly string[], how: Typing = {}): Promise<Told> {
    const io = new Terminal({ ...this.env, OPENCLAW_NODE_DIR: join(this.folder, "node") });
    io.input = how.input ?? "";
    const from = mark();
    let exit: number | undefined;
    this.#foreground = main(argv, io).then((code) => {
      exit = code;
      this.#foreground = undefined;
      return code;
    });
    const said = () => [io.text, io.errorText].join("\n");
    await until(
      () => exit !== undefined || /Connected to|Waits for approval/.test(said()),
      () => `a node that joined: ${said()}`,
    );
    // What it says from here on is still heard.
    return {
      exit: exit ?? 0,
      get text() {
        return io.text;
      },
      errors: io.errorText,
      get said() {
        return since(from);
      },
    };
  }

  /** Ends what `connect` began, as Ctrl-C does. */
  async leaves(): Promise<void> {
    process.emit("SIGTERM");
    await this.#foreground;
  }

  /** Types one that goes on until it is stopped; what it says from here on is still heard. */
  following(argv: readonly string[]): Following {
    const io = new Terminal({ ...this.env });
    const from = mark();
    const ended = main(argv, io);
    return {
      exit: 0,
      ended,
      get text() {
        return io.text;
      },
      get errors() {
        return io.errorText;
      },
      get said() {
        return since(from);
      },
    };
  }

  /** The same for one that `told` names. */
  async follows(told: Told, wanted: string): Promise<Following> {
    let started: Following | undefined;
    await this.answers(told, new RegExp(`^${wanted}$`), async ([, ...argv]) => {
      started = this.following(argv);
    });
    if (!started) throw new Error(`not typed: ${wanted}`);
    return started;
  }

  async #answers(env: NodeJS.ProcessEnv): Promise<boolean> {
    if (env["OPENCLAW_STATE_DIR"] !== this.stateDir) return false;
    const running = await openRunning({ io: new Terminal(env), options: {} }).catch(() => {});
    const info = await running?.request("host.info").catch(() => undefined);
    await running?.close();
    return (info?.listening.length ?? 0) > 0;
  }

  /** A gateway that ran in this process is one whose process ended. */
  async #withoutForeground(type: () => Promise<Told>): Promise<Told> {
    const real = process.kill.bind(process);
    process.kill = (pid, signal) => {
      if (pid !== process.pid || signal !== 0 || this.#foreground) return real(pid, signal);
      throw Object.assign(new Error("no such process"), { code: "ESRCH" });
    };
    try {
      return await type();
    } finally {
      process.kill = real;
    }
  }

  /** What the command that was typed last has printed so far. */
  get printed(): string {
    return this.#terminal?.text ?? "";
  }

  /** Types a command of ours. */
  async says(words: string | readonly string[], how: Typing = {}): Promise<Told> {
    const argv = typeof words === "string" ? wordsIn(words) : words;
    const io = new Terminal({ ...this.env, ...how.env });
    this.#terminal = io;
    io.input = how.input ?? "";
    if (how.answers) {
      io.answers.push(...how.answers);
      io.asksPerson = io.readsPerson = io.showsPerson = true;
    }
    const from = mark();
    const exit = await main(argv, io);
    return { exit, text: io.text, errors: io.errorText, said: since(from) };
  }

  /** What was ever shown as `text`, such as a page's words, which are made when it is loaded. */
  everShown(text: string): Told {
    const said = since(0).filter((command) => commandText(command) === text);
    return { exit: 0, text: "", errors: "", said };
  }

  /** Whatever else tells a person something: a refused connect, a line of the log. */
  async tells(happens: () => unknown): Promise<Told> {
    const from = mark();
    await happens();
    return { exit: 0, text: "", errors: "", said: since(from) };
  }

  /**
   * Types the command that `told` names as `wanted`, or that it fits, its blanks filled in. It must have
   * been named.
   */
  async types(told: Told, wanted: string | RegExp, how: Typing = {}): Promise<Told> {
    const named = told.said.filter((one) => {
      const typedAs = commandText(one);
      return typeof wanted === "string" ? typedAs === wanted : wanted.test(typedAs);
    });
    const [command] = named;
    const all = [...new Set(told.said.map((one) => commandText(one)))];
    if (!command) {
      throw new Error(`not named: ${wanted}\nnamed: ${all.join("\n")}\n${told.errors}`);
    }
    const text = commandText(command);
    const done = await this.#run(filled(command, how.fill ?? {}), how);
    expect([text, done.exit, done.errors]).toEqual([text, how.exit ?? 0, done.errors]);
    for (const { origin } of named) if (origin !== undefined) this.#typed.add(origin);
    return done;
  }

  /** Types, at a place that has verbs of its own, the command that `told` names. */
  async answers(
    told: Told,
    wanted: RegExp,
    type: (words: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const named = told.said.filter((one) => wanted.test(commandText(one)));
    const [command] = named;
    if (!command) throw new Error(`not named: ${wanted}`);
    await type(commandText(command).split(" "));
    for (const { origin } of named) if (origin !== undefined) this.#typed.add(origin);
  }

  /** The situation held: what was typed in it counts. */
  held(): void {
    for (const origin of this.#typed) typed.add(origin);
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #run(command: Said, how: Typing): Promise<Told> {
    const { program, words, env } = command;
    // A line of the log has the whole of it in one piece.
    if (program.startsWith("openclaw ")) return this.says(program.slice("openclaw ".length), how);
    // What is filled in with nothing is the shell's, such as where the output goes.
    const argv = words
      .map((word) => (typeof word === "string" ? word : word.fill))
      .filter((word) => word !== "");
    if (program === "openclaw" && argv.join(" ").startsWith("gateway run")) return this.runs(argv);
    if (program === "openclaw" && argv[0] === "connect" && !argv.includes("--help")) {
      return this.joins(argv, how);
    }
    if (program === "openclaw") {
      return this.#withoutForeground(() => this.says(argv, { ...how, env: env ?? {} }));
    }
    const { root: _, ...plain } = command;
    // A blank that is left in may be several words, such as those behind a pipe.
    const line = commandText(plain);
    return this.#shell(line, how.input ?? "");
  }

  /** What a shell does with a line; this process goes on meanwhile, as whom it asks. */
  #shell(line: string, input: string): Promise<Told> {
    const child = spawn("bash", ["-c", line], { env: this.env, cwd: this.folder });
    let [text, errors] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      errors += part;
    });
    // A program may end before it read anything.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ exit: code ?? -1, text, errors, said: [] }));
    });
  }
}

/** The words of a command line; those in single quotes stay together. */
function wordsIn(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
}

function filled(command: Said, fill: Readonly<Record<string, string>>): Said {
  // An example's own words are filled in as blanks are.
  const words = command.words.map((word) => {
    const name = typeof word === "string" ? word : word.fill;
    return fill[name] ?? word;
  });
  const program = fill[command.program] ?? command.program;
  return { ...command, program, words };
}
