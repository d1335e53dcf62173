import { existsSync, readFileSync } from "node:fs";
import { CliError } from "../exit.ts";
import { runTool } from "../gateway/tools.ts";
import type { Environment } from "../io.ts";
import { shownLines } from "../words.ts";
import { tool } from "./steps.ts";

const SSHD = "/usr/sbin/sshd";
export const DROP_IN = "/etc/ssh/sshd_config.d/60-openclaw-gateway.conf";

/** The OpenSSH server of this machine. */
export interface Sshd {
  readonly port: number;
  /** Where it can be reached from this machine. */
  readonly address: string;
  /** Knows ChannelTimeout and UnusedConnectionTimeout (9.2). */
  readonly timeouts: boolean;
}

/** @throws CliError where there is none, or its configuration has errors already */
export async function findSshd(env: Environment): Promise<Sshd> {
  if (!existsSync(SSHD)) {
    throw new CliError("failed", "there is no OpenSSH server here", {
      next: "apt-get install -y openssh-server",
    });
  }
  await testConfig(env);
  const lines = (await effective("root", env)).split("\n");
  const values = (name: string) =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const { text } = await runTool("ssh", ["-V"], env);
  const [, major = "0", minor = "0"] = /OpenSSH_(\d+)\.(\d+)/.exec(text) ?? [];
  return {
    port: Number(values("port")[0] ?? 22),
    address: localAddress(values("listenaddress")),
    timeouts: Number(major) * 100 + Number(minor) >= 902,
  };
}

/** An address of those it listens on by which this machine reaches it. */
function localAddress(listens: readonly string[]): string {
  const hosts = listens.map((one) => one.replace(/:\d+$/, "").replace(/^\[|\]$/g, ""));
  if (hosts.length === 0 || hosts.includes("0.0.0.0")) return "127.0.0.1";
  if (hosts.includes("::")) return "::1";
  const own = hosts.find((host) => host === "127.0.0.1" || host === "::1");
  return own ?? hosts[0] ?? "127.0.0.1";
}

/** sshd's configuration as it is for one user. */
export async function effective(user: string, env: Environment): Promise<string> {
  const who = `user=${user},host=localhost,addr=127.0.0.1`;
  return tool(env, SSHD, "-T", "-C", who);
}

/** `sshd -t` @throws CliError */
export async function testConfig(env: Environment): Promise<void> {
  const { exit, text } = await runTool(SSHD, ["-t"], env);
  if (exit === 0) return;
  throw new CliError("failed", `sshd does not accept its configuration: ${shownLines(text)}`, {
    next: "sshd -t",
  });
}

/** Lets sshd read its configuration; sessions that are open stay. */
export async function reload(env: Environment): Promise<void> {
  for (const unit of ["ssh.service", "sshd.service"]) {
    const { exit } = await runTool("systemctl", ["is-active", "--quiet", unit], env);
    if (exit === 0) return void (await tool(env, "systemctl", "reload", unit));
  }
  const pid = existsSync("/run/sshd.pid") ? Number(readFileSync("/run/sshd.pid", "utf8")) : 0;
  if (pid > 1) process.kill(pid, "SIGHUP");
  // Else it is started anew for every connection, and reads its configuration then.
}
