import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { removeGroup, removeStale } from "../../kit/control-groups.ts";
import { outcomeOf, type Result } from "../../kit/outcome.ts";
import { until } from "../../kit/until.ts";
import { expectOwnNetwork, onlyChild } from "../../kit/vps.ts";
import { vpsBase } from "../../kit/vps-base.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const starter = fileURLToPath(new URL("./engine.sh", import.meta.url));

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";
const GROUP = "openclaw-engine-test-";

/** The repository, where the machine of the engine has it. */
export const CLONE = "/root/gateway";
/** What a person there types `docker compose` in. */
export const FOLDER = `${CLONE}/deploy/docker`;

/**
 * Docker's engine on a Debian machine of its own, whose network is that of the test's process. What it
 * writes is in memory only, and its processes, mounts, addresses and rules live in namespaces that end
 * with it; it ends with the test's process.
 */
export class Engine {
  private constructor(
    private readonly starter: ChildProcess,
    private readonly pid: number,
    private readonly group: string,
  ) {}

  static async start(): Promise<Engine> {
    await expectOwnNetwork();
    const base = await vpsBase("engine");
    const group = `${GROUP}${process.pid}`;
    for (const folder of await hierarchies()) await removeStale(folder, GROUP);
    const process_ = spawn(
      "setpriv",
      [
        ...["--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"],
        ...["--mount-proc", "sh", starter, base, repository],
        ...["--storage-driver=overlay2", `--cgroup-parent=/${group}`],
      ],
      { env: { PATH }, stdio: ["ignore", "pipe", "pipe"] },
    );
    let said = "";
    for (const stream of [process_.stdout, process_.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-4096);
      });
    }
    const alive = () => {
      if (process_.exitCode !== null) throw new Error(`the engine ended: ${said}`);
    };
    const pid = await until(
      () => {
        alive();
        return engineOf(process_.pid ?? 0);
      },
      () => `the engine's process: ${said}`,
    );
    const engine = new Engine(process_, pid, group);
    const answers = async () => {
      alive();
      return (await engine.docker(["version"])).code === 0;
    };
    await until(answers, () => `the engine: ${said}`);
    return engine;
  }

  /** Where a path of the engine's machine is for the test. */
  path(inside: string): string {
    return join(`/proc/${this.pid}/root`, inside);
  }

  /** What runs a program as root of the engine's machine, in `folder` there. */
  words(words: readonly string[], { env = {}, folder = "/root" }: How = {}): string[] {
    const all = Object.entries({ PATH, HOME: "/root", LANG: "C.UTF-8", ...env });
    return [
      ...[
        "/usr/bin/nsenter",
        "-t",
        String(this.pid),
        "--mount",
        "--net",
        "--pid",
        "--root",
        "--wd",
      ],
      ...["env", "-i", `--chdir=${folder}`],
      ...all.map(([name, value]) => `${name}=${value}`),
      ...words,
    ];
  }

  /** Runs a program as root of the engine's machine, with no terminal. */
  exec(words: readonly string[], how: How = {}): Promise<Result> {
    const [file = "", ...args] = this.words(words, how);
    return outcomeOf(spawn(file, args, { detached: true }), how.input ?? "");
  }

  docker(args: readonly string[], how: How = {}): Promise<Result> {
    return this.exec(["docker", ...args], how);
  }

  /** Runs a program that must succeed; resolves with what it printed. */
  async ok(words: readonly string[], how: How = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(words, how);
    if (code === 0) return stdout;
    throw new Error(`${words.join(" ")}: exit code ${code}\n${stdout}${stderr}`);
  }

  /** Ends the engine with its containers, and waits until nothing is left of them. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.starter.once("close", resolve));
    if (this.starter.exitCode === null && this.starter.signalCode === null) {
      this.starter.kill("SIGKILL");
      await ended;
    }
    for (const folder of await hierarchies()) {
      const group = join(folder, this.group);
      await until(() => removeGroup(group), `the containers' processes to be gone from ${group}`);
    }
  }
}

/** What a program of the engine's machine gets. */
export interface How {
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly input?: string | Readable;
}

/** Where the kernel's hierarchies of control groups are mounted. */
async function hierarchies(): Promise<string[]> {
  const lines = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  return lines.filter((line) => / - cgroup2? /.test(line)).map((line) => line.split(" ")[4] ?? "");
}

/** Below `unshare` is the shell, which becomes the engine. */
async function engineOf(starter: number): Promise<number | undefined> {
  const pid = await onlyChild(starter);
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  return name.trim() === "dockerd" ? pid : undefined;
}
