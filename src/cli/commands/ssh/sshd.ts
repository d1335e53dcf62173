import { existsSync, mkdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import type { Environment } from "../../../lib/environment.ts";
import { shell } from "../../../protocol/command.ts";
import { CliError } from "../../kit/exit.ts";
import { shownLines } from "../../kit/words.ts";
import { runTool } from "../gateway/tools.ts";
import { adminPath, tool } from "./steps.ts";

const SSHD = "/usr/sbin/sshd";
export const SSHD_CONFIG = "/etc/ssh/sshd_config";
const DROP_INS = "/etc/ssh/sshd_config.d";
/** The first of all: of several `Match` that fit a user, sshd takes the first. */
export const DROP_IN = join(DROP_INS, "00-openclaw-gateway.conf");

/** Where an OpenSSH server of this machine can be reached from it. */
export interface SshdAddress {
  readonly address: string;
  readonly port: number;
}

/** The OpenSSH server of this machine. */
export interface Sshd extends SshdAddress {
  /** Knows ChannelTimeout and UnusedConnectionTimeout (9.2). */
  readonly timeouts: boolean;
}

/** @throws CliError where there is none, or its configuration has errors already */
export async function findSshd(env: Environment): Promise<Sshd> {
  if (!existsSync(SSHD)) {
    throw new CliError("failed", "there is no OpenSSH server here", {
      next: shell`apt-get install -y openssh-server`,
    });
  }
  makeRunFolder();
  await testConfig(env);
  const { text } = await runTool("ssh", ["-V"], env);
  const [, major = "0", minor = "0"] = /OpenSSH_(\d+)\.(\d+)/.exec(text) ?? [];
  return {
    ...placeOf(await effective("root", env)),
    timeouts: Number(major) * 100 + Number(minor) >= 902,
  };
}

/** An address of those it listens on by which this machine reaches it, from what `sshd -T` prints. */
export function placeOf(printed: string): SshdAddress {
  const listens = [...printed.matchAll(/^listenaddress (\S+):(\d+)$/gm)].map(
    ([, host = "", port]) => ({ host: host.replace(/^\[|\]$/g, ""), port: Number(port) }),
  );
  const loopback = { "0.0.0.0": "127.0.0.1", "::": "::1" } as Record<string, string>;
  for (const wanted of ["0.0.0.0", "127.0.0.1", "::", "::1"]) {
    const found = listens.find(({ host }) => host === wanted);
    if (found) return { address: loopback[wanted] ?? wanted, port: found.port };
  }
  const [first] = listens;
  const [, port = "22"] = /^port (\d+)$/m.exec(printed) ?? [];
  return first
    ? { address: first.host, port: first.port }
    : { address: "127.0.0.1", port: Number(port) };
}

/** A connection as `sshd -T -C` takes it: without one of these it ends where a `Match` goes by that. */
export const LOCAL = "host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22,rdomain=";
/** One from elsewhere. */
export const REMOTE = "host=client.example,addr=198.51.100.7,laddr=192.0.2.1,lport=22,rdomain=";

export interface Viewpoint {
  /** Another file than sshd's own. */
  readonly file?: string | undefined;
  /** How the user comes: {@link LOCAL}, if nothing else is said. */
  readonly from?: string;
}

/** sshd's configuration as it is for one user. */
export async function effective(
  user: string,
  env: Environment,
  { file, from = LOCAL }: Viewpoint = {},
): Promise<string> {
  const who = `user=${user},${from}`;
  return tool(env, SSHD, "-T", "-C", who, ...(file === undefined ? [] : ["-f", file]));
}

/** Without this folder of its own Debian's sshd tests and prints nothing. */
const RUN_FOLDER = "/run/sshd";

/** systemd makes it when it starts sshd: where the first connection has it do that, none may have come yet. */
function makeRunFolder(): void {
  if (process.getuid?.() === 0) mkdirSync(RUN_FOLDER, { recursive: true, mode: 0o755 });
}

/** Whether sshd could not say anything of its configuration yet, where Debian's never ran. */
export function neverRan(): boolean {
  return !existsSync(RUN_FOLDER);
}

/** `sshd -t` @throws CliError */
export async function testConfig(env: Environment, file?: string): Promise<void> {
  const words = ["-t", ...(file === undefined ? [] : ["-f", file])];
  const { exit, text } = await runTool(SSHD, words, adminPath(env));
  if (exit === 0) return;
  throw new CliError("failed", `sshd does not accept its configuration: ${shownLines(text)}`, {
    next: shell`sshd -t`,
  });
}

/**
 * Lets sshd read its configuration; sessions that are open stay. One that it would not accept ends
 * sshd, so it is tested first. @throws CliError
 */
export async function reload(env: Environment): Promise<void> {
  makeRunFolder();
  await testConfig(env);
  for (const unit of ["ssh.service", "sshd.service"]) {
    const { exit } = await runTool("systemctl", ["is-active", "--quiet", unit], env);
    if (exit === 0) return void (await tool(env, "systemctl", "reload", unit));
  }
  const pid = listeningPid();
  if (pid !== undefined) process.kill(pid, "SIGHUP");
  // Else it is started anew for every connection, and reads its configuration then.
}

/**
 * The process id in sshd's pid file; `undefined` where that process is no sshd: the file may
 * outlive it.
 */
function listeningPid(): number | undefined {
  try {
    const pid = Number(readFileSync("/run/sshd.pid", "utf8"));
    return basename(readlinkSync(`/proc/${pid}/exe`)) === "sshd" ? pid : undefined;
  } catch {
    return undefined;
  }
}
