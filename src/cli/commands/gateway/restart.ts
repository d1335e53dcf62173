import { openclaw } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { tookWords } from "../../kit/age.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { shown } from "../../kit/words.ts";
import { notRunning, openRunning, UNIT } from "../../reach/connect.ts";
import type { Result } from "../../reach/gateway.ts";
import { askSupervisor, askSystemd, unitState } from "./supervisor.ts";
import { hostInfo, isAlive, waitForStart } from "./wait.ts";

type HostReport = Result<"host.info">;

/** `openclaw gateway restart` */
export const restart: Run<unknown> = async (context) => {
  const startedAt = performance.now();
  const before = await hostInfo(context);
  const visible = before !== undefined && isAlive(before.pid);
  if (before) await restartRunning(context, before);
  else await startUnit(context);
  const info = await waitForStart(context, before && { info: before, visible });
  const tookMs = Math.round(performance.now() - startedAt);
  if (context.options.json) return printJson(context, { ...info, tookMs });
  const where = info.listening.map((place) => shown(place, 200)).join(", ");
  context.io.out(`The gateway accepts connections again after ${tookWords(tookMs)}, on ${where}.`);
};

async function restartRunning(context: Context, before: HostReport): Promise<void> {
  await refuseBadConfig(before.configPath);
  if (before.supervisor !== "none") await announce(context);
  if (await askSupervisor("restart", before, context.io.env)) return;
  const gateway = await openRunning(context);
  if (!gateway) return;
  try {
    await gateway.request("host.restart");
  } finally {
    await gateway.close();
  }
}

/** A supervisor only sends a signal; clients should still hear that it is a restart. */
async function announce(context: Context): Promise<void> {
  const gateway = await openRunning(context);
  try {
    await gateway?.request("host.restart.expect");
  } catch {
    // A gateway that does not know the word is restarted all the same.
  } finally {
    await gateway?.close();
  }
}

/** A gateway that runs must not be ended for a configuration it could not start with. */
async function refuseBadConfig(path: string): Promise<void> {
  const { loadConfig } = await import("../../../config/load.ts");
  const { errors } = await loadConfig({ path });
  const [first] = errors.filter(({ code }) => code !== "CONFIG_READ");
  if (!first) return;
  const place = first.line === undefined ? path : `${path}:${first.line}:${first.column ?? 1}`;
  const message = `not restarted: it could not start again with this configuration\n${place}: ${first.message}`;
  throw new CliError("config", message, {
    // How to mend this one, and how to see all of them.
    next: say`${first.next}\n  next: ${openclaw`config validate`}`,
    code: first.code,
  });
}

/** Starts the unit by systemd, which may know the gateway though it does not answer. */
async function startUnit({ io }: Context): Promise<void> {
  const state = await unitState(io.env);
  if (state === undefined) throw notRunning();
  io.err(`The gateway does not answer; systemd knows ${UNIT} as ${state} and restarts it.`);
  await askSystemd("restart", UNIT, io.env);
}
