import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
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
import { mergedSource } from "./merged-source.ts";
import type { LogAsk, LogReader } from "./source.ts";

/**
 * The gateway while it runs, else where it wrote to: its file, journald, or pm2's file.
 * @throws CliError (unreachable) where there is none
 */
export async function chooseSource(
  context: Context,
  { follow }: Pick<LogAsk, "follow">,
): Promise<LogReader> {
  const { io, options } = context;
  if (options.url !== undefined || (await runs(context))) {
    return gatewaySource(context, (report) => lastingLogs(io.env, report));
  }
  const { file, asWritten } = await logFile(io.env);
  const journal = (await unitState(io.env)) === undefined ? undefined : journalSource(UNIT, io.env);
  if (file !== undefined && existsSync(file)) {
    // What ends a start before there is a log is in the journal alone.
    return journal && !follow ? mergedSource(fileSource(file), journal) : fileSource(file);
  }
  if (journal) return journal;
  const places = [pm2File(io.env, "out"), ...(asWritten === undefined ? [] : [asWritten])];
  const found = places.find((path) => existsSync(path));
  if (found !== undefined) return fileSource(found);
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
  const { file, asWritten = file } = await logFile(env);
  const { supervisor, unit = UNIT } = report ?? {};
  const hasJournal = supervisor === "systemd" || (report === undefined && (await isActive(env)));
  const isPm2 = supervisor === "pm2";
  return [
    ...(asWritten === undefined ? [] : [lastingFile(asWritten)]),
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

interface NamedFile {
  /** Where the gateway logs to, if to a file: also where another key is wrong, to say so. */
  readonly file: string | undefined;
  /** Where it did, if the configuration can't be read any more: as well as that can still be told. */
  readonly asWritten: string | undefined;
}

async function logFile(env: Environment): Promise<NamedFile> {
  const { loadConfig } = await import("../../../config/load.ts");
  const { config, source } = await loadConfig({ path: configPath(env, stateFolder(env)), env });
  const { file } = config.logging;
  if (file !== undefined || source.raw === null) return { file, asWritten: file };
  const { findValue, parseDocument } = await import("../../../config/document.ts");
  const value: unknown = findValue(parseDocument(source.raw), ["logging", "file"])?.value;
  return { file, asWritten: typeof value === "string" && isAbsolute(value) ? value : undefined };
}

function pm2File(env: Environment, stream: "out" | "error"): string {
  const home = env["PM2_HOME"] || join(env["HOME"] || homedir(), ".pm2");
  return join(home, "logs", `${UNIT}-${stream}.log`);
}
