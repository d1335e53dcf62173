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
  /** Prompts that a line was typed at. */
  private answered = 0;

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
    return tmux;
  }

  #tmux(...args: string[]): Promise<{ stdout: string }> {
    return run("tmux", ["-u", "-L", this.server, ...args], { env: { PATH: process.env["PATH"] } });
  }

  /** Presses keys by tmux's names: `Enter`, `Down`, `C-z`, `a`. */
  async keys(...names: string[]): Promise<void> {
    await this.#tmux("send-keys", ...names);
  }

  /** Types a command line and Enter, once the shell waits for one. */
  async type(line: string): Promise<void> {
    await this.#prompted(`a prompt for ${line}`);
    await this.typeWithin(line);
  }

  /**
   * Types a line and Enter into the program that runs now, which reads it. The shell must not be the
   * one: what it is sent before its prompt stands is echoed twice, and it then writes over its own lines.
   */
  async typeWithin(line: string): Promise<void> {
    await this.typePart(line);
    await this.keys("Enter");
  }

  /** Types a part of a line, and no Enter. */
  async typePart(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", text);
  }

  /** Types a command line and waits until it is done: the prompt is back. Resolves with the screen. */
  async runs(line: string): Promise<string> {
    await this.type(line);
    return this.#prompted(`the end of ${line}`, false);
  }

  /** The screen, once it ends with a prompt that no line was typed at. `answer`: one is typed now. */
  #prompted(what: string, answer = true): Promise<string> {
    let last = "";
    return until(
      async () => {
        const shown = (await readFile(this.prompts, "utf8")).length;
        last = (await this.screen()).trimEnd();
        if (shown <= this.answered || !last.endsWith(PROMPT)) return undefined;
        if (answer) this.answered = shown;
        return last;
      },
      () => `${what}:\n${last}`,
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
