import { readFileSync, statSync } from "node:fs";
import type { Environment } from "../../../lib/environment.ts";
import { asRoot, shell } from "../../../protocol/command.ts";
import { CliError } from "../../kit/exit.ts";
import { shown, shownLines } from "../../kit/words.ts";
import { UNIT } from "../../reach/connect.ts";
import type { Result } from "../../reach/gateway.ts";
import { findTool, runTool } from "./tools.ts";

type HostReport = Result<"host.info">;

type Verb = "restart" | "stop" | "start";

/** What systemctl exits with where the user lacks the right to do it (LSB). */
const NO_RIGHT = 4;
/** Any failure; also that a person would have had to show who they are. */
const ANY_FAILURE = 1;

/**
 * Asks systemd; returns when it is done.
 * @throws CliError (failed) where systemctl is missing, does not let this user, or fails
 */
export async function askSystemd(verb: Verb, unit: string, env: Environment): Promise<void> {
  const name = shown(unit, 200).replace(/\.service$/, "");
  const isRoot = process.getuid?.() === 0;
  const before = isRoot ? undefined : await unitRun(name, env);
  const { exit, text } = await runTool("systemctl", ["--no-ask-password", verb, name], env);
  if (exit === 0) return;
  const mine = asRoot(shell`systemctl ${verb} ${name}`);
  if (exit === undefined) throw new CliError("failed", notFound("systemctl"), { next: mine });
  // What was refused left the unit as it was; what was allowed and failed did not.
  const untouched = exit === ANY_FAILURE && !isRoot && before === (await unitRun(name, env));
  if (untouched || (exit === NO_RIGHT && !isRoot)) {
    throw new CliError("failed", `systemd does not let this user ${verb} ${name}`, { next: mine });
  }
  throw new CliError("failed", `systemctl ${verb} ${name} failed: ${shownLines(text)}`, {
    next: shell`journalctl -u ${name} -n 50 --no-pager`,
  });
}

/** Which of its starts a unit is in, and whether that runs, as systemd prints it. */
async function unitRun(name: string, env: Environment): Promise<string> {
  const args = ["show", "--property=InvocationID", "--property=ActiveState", name];
  return (await runTool("systemctl", args, env)).text;
}

const notFound = (program: string) => `${program} was not found`;

/** Asks pm2; returns when it is done. */
async function askPm2(verb: Verb, info: HostReport, env: Environment): Promise<void> {
  const name = shown(info.unit ?? UNIT, 200);
  // The daemon's user: one of root's may run the gateway as another user.
  const owner = ownerOf(parentOf(info.pid) ?? info.pid);
  if (owner !== undefined && owner !== process.getuid?.()) {
    // Every user has a pm2 of their own; asking ours would start one that knows nothing.
    throw new CliError("failed", `the gateway runs under the pm2 of user ${owner}`, {
      next: shell`sudo -u ${`#${owner}`} -i pm2 ${verb} ${name}`,
    });
  }
  const { exit, text } = await runTool(findTool("pm2", env), [verb, name], env);
  if (exit === 0) return;
  const why = exit === undefined ? notFound("pm2") : `pm2 failed: ${shownLines(text)}`;
  throw new CliError("failed", why, { next: shell`pm2 ${verb} ${name}` });
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
