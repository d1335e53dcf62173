import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isAlive } from "../../src/cli/commands/gateway/wait.ts";
import { until } from "./until.ts";

const run = promisify(execFile);
let serial = 0;

/** What a shell of ours shows when it waits for a command. */
export const PROMPT = "$";

/** A shell on a real terminal, which tmux keeps and shows to the test. */
export class Tmux {
  private constructor(
    private readonly server: string,
    /** Gets one character for each prompt that the shell shows. */
    private readonly prompts: string,
  ) {}

  static async open(options: {
    columns: number;
    rows: number;
    env: Readonly<Record<string, string>>;
  }): Promise<Tmux> {
    serial += 1;
    const server = `gateway-test-${process.pid}-${serial}`;
    const tmux = new Tmux(server, join(tmpdir(), `${server}.prompts`));
    await writeFile(tmux.prompts, "");
    const { columns, rows, env } = options;
    const shown = {
      HISTFILE: "",
      PS1: `${PROMPT} `,
      PROMPT_COMMAND: `printf x >> '${tmux.prompts}'`,
    };
    const given = Object.entries({ ...shown, LANG: "C.UTF-8", ...env });
    const variables = given.flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const size = ["-x", String(columns), "-y", String(rows)];
    const shell = ["bash", "--norc", "--noprofile"];
    await tmux.#tmux("-f", "/dev/null", "new-session", "-d", ...size, ...variables, ...shell);
    await tmux.shows(/^\$/m);
    return tmux;
  }

  #tmux(...args: string[]): Promise<{ stdout: string }> {
    return run("tmux", ["-u", "-L", this.server, ...args], { env: { PATH: process.env["PATH"] } });
  }

  /** Presses keys by tmux's names: `Enter`, `Down`, `C-z`, `a`. */
  async keys(...names: string[]): Promise<void> {
    await this.#tmux("send-keys", ...names);
  }

  /** Types a command line and Enter. */
  async type(line: string): Promise<void> {
    await this.#tmux("send-keys", "-l", line);
    await this.keys("Enter");
  }

  /** Types a command line and waits until it is done: the prompt is back. Resolves with the screen. */
  async runs(line: string): Promise<string> {
    const before = await readFile(this.prompts, "utf8");
    await this.type(line);
    return until(
      async () => {
        if ((await readFile(this.prompts, "utf8")) === before) return undefined;
        const screen = (await this.screen()).trimEnd();
        return screen.endsWith(PROMPT) ? screen : undefined;
      },
      () => `the end of ${line}`,
    );
  }

  /** All that was ever printed, with lines that were wrapped put together. */
  async everything(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p", "-J", "-S", "-")).stdout;
  }

  async paste(text: string): Promise<void> {
    await this.#tmux("set-buffer", text);
    await this.#tmux("paste-buffer", "-p");
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** What is on the screen now; `styled`: with the escape sequences of its colours. */
  async screen(styled = false): Promise<string> {
    const { stdout } = await this.#tmux("capture-pane", "-p", ...(styled ? ["-e"] : []));
    return stdout;
  }

  /** The screen, once it shows `what`. */
  async shows(what: RegExp): Promise<string> {
    let last = "";
    return until(
      async () => {
        last = await this.screen();
        return what.test(last) ? last : undefined;
      },
      () => `${what} on the screen:\n${last}`,
    );
  }

  /** Ends all, and waits until the shell is gone: it may still write into its home, which goes next. */
  async close(): Promise<void> {
    const panes = await this.#tmux("list-panes", "-a", "-F", "#{pane_pid}").catch(() => undefined);
    await this.#tmux("kill-server").catch(() => undefined);
    const shells = (panes?.stdout ?? "")
      .split("\n")
      .map(Number)
      .filter((pid) => pid > 0);
    await until(() => !shells.some(isAlive), "the end of the shell");
    await rm(this.prompts, { force: true });
  }
}
