import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { configPath, stateFolder } from "../../../host/paths.ts";
import type { Environment } from "../../../lib/environment.ts";
import type { Context } from "../../kit/context.ts";
import { CliError } from "../../kit/exit.ts";
import { notRunning, openRunning, UNIT } from "../../reach/connect.ts";
import type { Result } from "../../reach/gateway.ts";
import { unitState } from "../gateway/supervisor.ts";
import { fileSource } from "./file-source.ts";
import { gatewaySource } from "./gateway-source.ts";
import { journalSource } from "./journal-source.ts";
import { type LastingLog, lastingErrors, lastingFile, lastingJournal } from "./lasting-log.ts";
import type { LogReader } from "./source.ts";

/**
 * The gateway while it runs, else where it wrote to: its file, journald, or pm2's file.
 * @throws CliError (unreachable) where there is none
 */
export async function chooseSource(context: Context): Promise<LogReader> {
  const { io, options } = context;
  if (options.url !== undefined || (await runs(context))) {
    return gatewaySource(context, (report) => lastingLogs(io.env, report));
  }
  const file = await logFile(io.env);
  if (file !== undefined && existsSync(file)) return fileSource(file);
  if ((await unitState(io.env)) !== undefined) return journalSource(UNIT, io.env);
  const pm2 = pm2File(io.env, "out");
  if (existsSync(pm2)) return fileSource(pm2);
  throw new CliError("unreachable", "the gateway is not running, and no log of it was found", {
    next: notRunning().next,
  });
}

/**
 * Where a gateway of this machine writes to that outlives it, `report` being what it says of itself. All
 * of them: what a start says before it has read the configuration goes to standard output.
 */
async function lastingLogs(
  env: Environment,
  report: Result<"host.info"> | undefined,
): Promise<LastingLog[]> {
  const file = await logFile(env);
  const { supervisor, unit = UNIT } = report ?? {};
  const hasJournal = supervisor === "systemd" || (report === undefined && (await isActive(env)));
  const isPm2 = supervisor === "pm2";
  return [
    ...(file === undefined ? [] : [lastingFile(file)]),
    ...(hasJournal ? [lastingJournal(unit.replace(/\.service$/, ""), env)] : []),
    ...(isPm2 ? [lastingFile(pm2File(env, "out")), lastingErrors(pm2File(env, "error"))] : []),
  ];
}

async function isActive(env: Environment): Promise<boolean> {
  return ["active", "activating", "reloading"].includes((await unitState(env)) ?? "");
}

/**
 * Whether the gateway answers. A user without rights on the admin socket counts as "no": the
 * journal may still be theirs to read.
 */
async function runs(context: Context): Promise<boolean> {
  const gateway = await openRunning(context).catch((error) => {
    if (error instanceof CliError && error.exit === "unreachable") return undefined;
    throw error;
  });
  await gateway?.close();
  return gateway !== undefined;
}

/**
 * Where the configuration sends the log, if to a file. The gateway logs there too when another key is
 * wrong, to say so.
 */
async function logFile(env: Environment): Promise<string | undefined> {
  const { loadConfig } = await import("../../../config/load.ts");
  const { config } = await loadConfig({ path: configPath(env, stateFolder(env)), env });
  return config.logging.file;
}

function pm2File(env: Environment, stream: "out" | "error"): string {
  const home = env["PM2_HOME"] || join(env["HOME"] || homedir(), ".pm2");
  return join(home, "logs", `${UNIT}-${stream}.log`);
}
