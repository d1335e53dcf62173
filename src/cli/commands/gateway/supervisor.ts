import { readFileSync, statSync } from "node:fs";
import type { Environment } from "../../../lib/environment.ts";
import { CliError } from "../../kit/exit.ts";
import { shown, shownLines } from "../../kit/words.ts";
import { UNIT } from "../../reach/connect.ts";
import type { Result } from "../../reach/gateway.ts";
import { findTool, runTool } from "./tools.ts";

type HostReport = Result<"host.info">;

type Verb = "restart" | "stop" | "start";

/**
 * Asks systemd; returns when it is done.
 * @throws CliError (failed) where systemctl is missing, does not let this user, or fails
 */
export async function askSystemd(verb: Verb, unit: string, env: Environment): Promise<void> {
  const name = shown(unit, 200).replace(/\.service$/, "");
  const args = ["--no-ask-password", verb, name];
  const { exit, text } = await runTool("systemctl", args, env);
  if (exit === 0) return;
  const mine = `sudo systemctl ${verb} ${name}`;
  if (exit === undefined) throw new CliError("failed", "systemctl was not found", { next: mine });
  if (/denied|authenti|not permitted|polkit/i.test(text)) {
    throw new CliError("failed", `systemd does not let this user ${verb} ${name}`, { next: mine });
  }
  throw new CliError("failed", `systemctl ${verb} ${name} failed: ${shownLines(text)}`, {
    next: `journalctl -u ${name} -n 50 --no-pager`,
  });
}

/** Asks pm2; returns when it is done. */
async function askPm2(verb: Verb, info: HostReport, env: Environment): Promise<void> {
  const name = shown(info.unit ?? UNIT, 200);
  // The daemon's user: one of root's may run the gateway as another user.
  const owner = ownerOf(parentOf(info.pid) ?? info.pid);
  if (owner !== undefined && owner !== process.getuid?.()) {
    // Every user has a pm2 of their own; asking ours would start one that knows nothing.
    throw new CliError("failed", `the gateway runs under the pm2 of user ${owner}`, {
      next: `sudo -u '#${owner}' -i pm2 ${verb} ${name}`,
    });
  }
  const { exit, text } = await runTool(findTool("pm2", env), [verb, name], env);
  if (exit === 0) return;
  const why = exit === undefined ? "pm2 was not found" : `pm2 failed: ${shownLines(text)}`;
  throw new CliError("failed", why, { next: `pm2 ${verb} ${name}` });
}

function parentOf(pid: number): number | undefined {
  try {
    // Behind the name, which may hold anything: proc_pid_stat(5).
    const [, parent] =
      readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return parent === undefined || parent === "0" ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}

function ownerOf(pid: number): number | undefined {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return undefined;
  }
}

/** Asks systemd or pm2, where it supervises the gateway; `false` where neither does. */
export async function askSupervisor(
  verb: Verb,
  info: HostReport,
  env: Environment,
): Promise<boolean> {
  if (info.supervisor === "systemd") await askSystemd(verb, info.unit ?? UNIT, env);
  else if (info.supervisor === "pm2") await askPm2(verb, info, env);
  else return false;
  return true;
}

/** The state systemd gives our unit (`failed`, `activating`, …); `undefined` where it has none. */
export async function unitState(env: Environment): Promise<string | undefined> {
  const args = ["show", "--property=LoadState", "--property=ActiveState", UNIT];
  const { exit, text } = await runTool("systemctl", args, env);
  if (exit !== 0 || !/^LoadState=loaded$/m.test(text)) return undefined;
  return /^ActiveState=(\w+)$/m.exec(text)?.[1] ?? "unknown";
}
