import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
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

/** sshd's configuration as it is for one user; of another file than its own, if one is given. */
export async function effective(user: string, env: Environment, file?: string): Promise<string> {
  const who = `user=${user},host=localhost,addr=127.0.0.1`;
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

/**
 * The first `Match` before our drop-in that goes by something else than users and groups;
 * `undefined` where there is none. For some connections it would decide for the account too, and
 * `sshd -T` does not show that.
 */
export function earlierMatch(): ConfigLine | undefined {
  const names = existsSync(DROP_INS) ? readdirSync(DROP_INS) : [];
  const files = names.filter((name) => name.endsWith(".conf")).map((name) => join(DROP_INS, name));
  return matchBefore([SSHD_CONFIG, ...files].map((file) => [file, readFileSync(file, "utf8")]));
}

export interface ConfigLine {
  readonly file: string;
  readonly line: string;
}

/**
 * The first such `Match` in given files, the main one first, that stands before our drop-in and
 * goes by something else than users and groups.
 */
export function matchBefore([main, ...dropIns]: [file: string, text: string][]):
  | ConfigLine
  | undefined {
  if (!main) return undefined;
  // Of the main file what stands before the line that includes the drop-ins.
  const [head = ""] = main[1].split(/^\s*Include\s+\S*sshd_config\.d\/\*/im);
  const earlier = dropIns.filter(([file]) => file < DROP_IN).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [file, text] of [[main[0], head] as const, ...earlier]) {
    const line = text.split("\n").find(decidesByPlace);
    if (line !== undefined) return { file, line: line.trim() };
  }
  return undefined;
}

function decidesByPlace(line: string): boolean {
  const [, criteria] = /^\s*Match\s*[\s=]\s*(.*)$/i.exec(line.replace(/#.*$/, "")) ?? [];
  if (criteria === undefined || /^all\s*$/i.test(criteria.trim())) return false;
  return !/^(?:(?:User|Group)[\s=]+\S+\s*)+$/i.test(`${criteria} `);
}
