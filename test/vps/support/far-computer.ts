import { type ChildProcess, spawn } from "node:child_process";
import { readlink } from "node:fs/promises";
import { until } from "../../kit/until.ts";
import { run } from "./login.ts";

/** The machine's address on the wire, and that of the computer at its other end. */
export const NEAR = "198.51.100.1";
const FAR = "198.51.100.2";

/** A computer with a network of its own, that one wire leads from to the machine. */
export class FarComputer {
  private constructor(private readonly holder: ChildProcess) {}

  static async wired(): Promise<FarComputer> {
    const holder = spawn("unshare", ["--net", "sleep", "infinity"]);
    const far = new FarComputer(holder);
    const here = await readlink("/proc/self/ns/net");
    const its = () => readlink(`/proc/${holder.pid}/ns/net`).catch(() => here);
    await until(async () => (await its()) !== here, "a network of its own");
    await ok("ip", ["link", "add", "near", "type", "veth", "peer", "name", "far"]);
    await ok("ip", ["link", "set", "far", "netns", String(holder.pid)]);
    await ok("ip", ["addr", "add", `${NEAR}/24`, "dev", "near"]);
    await ok("ip", ["link", "set", "near", "up"]);
    const there = `ip link set lo up; ip addr add ${FAR}/24 dev far; ip link set far up`;
    await ok("nsenter", [...far.#enter, "sh", "-ec", there]);
    return far;
  }

  get #enter(): string[] {
    return [`--net=/proc/${this.holder.pid}/ns/net`];
  }

  /** Types a line there. */
  does(line: string, env: NodeJS.ProcessEnv = process.env) {
    return run("nsenter", [...this.#enter, "bash", "-c", line], { env });
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.holder.once("close", resolve));
    this.holder.kill("SIGKILL");
    await ended;
    await run("ip", ["link", "delete", "near"]);
  }
}

async function ok(program: string, words: string[]): Promise<void> {
  const { code, stderr } = await run(program, words);
  if (code !== 0) throw new Error(`${program} ${words.join(" ")}: ${stderr}`);
}
