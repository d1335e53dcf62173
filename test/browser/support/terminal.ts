import { type ChildProcess, spawn } from "node:child_process";
import type { GatewayProcess } from "../../kit/process.ts";
import { until } from "../../kit/until.ts";

/** `gateway run` on a terminal of its own, as the person who starts it for the first time sees it. */
export class Terminal {
  /** Everything the terminal showed. */
  output = "";
  readonly #child: ChildProcess;
  #ended = false;

  constructor(readonly gateway: GatewayProcess) {
    const { program, port, env } = gateway;
    const command = `exec "${process.execPath}" "${program}" gateway run --port ${port}`;
    // script(1) makes the terminal, and hands its end on to what runs in it.
    const args = ["--quiet", "--flush", "--return", "--command", command, "/dev/null"];
    this.#child = spawn("script", args, {
      env: { ...env, TERM: "xterm" },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.output += text;
    });
    this.#child.on("error", (error) => {
      this.output += `${error.message}\n`;
      this.#ended = true;
    });
    this.#child.on("close", () => {
      this.#ended = true;
    });
  }

  /** What the terminal showed, once it `shows` this. */
  shown(what: RegExp): Promise<RegExpExecArray> {
    return until(
      () => {
        const found = what.exec(this.output);
        if (!found && this.#ended) throw new Error(`ended: ${this.output}`);
        return found ?? undefined;
      },
      () => `${what} in ${this.output}`,
    );
  }

  /** Ends the gateway as Ctrl-C does. */
  async close(): Promise<void> {
    this.#child.stdin?.write("\u0003");
    try {
      await until(() => this.#ended, "the end of the terminal");
    } finally {
      if (!this.#ended) this.#child.kill("SIGKILL");
    }
  }
}
