import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { until } from "./until.ts";

const renderer = fileURLToPath(new URL("../../nginx/render-site.sh", import.meta.url));

/** What `render-site.sh` prints for these words, such as `name=gateway.test`. */
export async function renderSite(...words: string[]): Promise<string> {
  return (await promisify(execFile)("sh", [renderer, ...words])).stdout;
}

/** A real nginx with one site of ours in its http block, in a folder of its own. */
export class Nginx {
  #process: ChildProcess | undefined;

  private constructor(readonly folder: string) {}

  static async inFolder(): Promise<Nginx> {
    return new Nginx(await mkdtemp(join(tmpdir(), "nginx-test-")));
  }

  get #conf(): string {
    return join(this.folder, "nginx.conf");
  }

  /** `how`: what its one worker or its workers hold; untouched, Debian's nginx.conf says 768 each. */
  async write(site: string, how: { connections?: number; workers?: number } = {}): Promise<void> {
    const { connections = 256, workers = 1 } = how;
    const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${this.folder}/${name};`,
    );
    const lines = [
      "daemon off;",
      "user root;",
      `worker_processes ${workers};`,
      `pid ${this.folder}/nginx.pid;`,
      `error_log ${this.folder}/error.log;`,
      `events { worker_connections ${connections}; }`,
      `http { access_log ${this.folder}/access.log; ${temp.join(" ")}`,
      `${site} }`,
    ];
    await writeFile(this.#conf, lines.join("\n"));
  }

  /** What `nginx -t` says; an empty string if all is well. */
  async check(): Promise<string> {
    const args = ["-t", "-q", "-c", this.#conf, "-e", join(this.folder, "start.log")];
    return promisify(execFile)("nginx", args).then(
      ({ stderr }) => stderr,
      (error: { stderr: string }) => error.stderr || "nginx -t failed",
    );
  }

  async start(port: number): Promise<void> {
    await this.launch();
    await until(() => accepts(port), "nginx to listen");
  }

  /** Starts it, by `runner` where it is to run elsewhere, such as in a network of its own. */
  async launch(runner: readonly string[] = []): Promise<void> {
    const args = ["nginx", "-c", this.#conf, "-e", join(this.folder, "start.log")];
    const [program = "", ...words] = [...runner, ...args];
    this.#process = spawn(program, words, { stdio: "inherit" });
    await until(() => existsSync(join(this.folder, "nginx.pid")), "nginx to start");
  }

  async close(): Promise<void> {
    const running = this.#process;
    if (running && running.exitCode === null) {
      const gone = new Promise((resolve) => running.once("close", resolve));
      running.kill("SIGTERM");
      await gone;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
