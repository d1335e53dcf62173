import { inContainer } from "../../../host/container.ts";
import { openclaw } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { tookWords } from "../../kit/age.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { notRunning, openRunning, startCommand, UNIT } from "../../reach/connect.ts";
import { askSupervisor, askSystemd, unitState } from "./supervisor.ts";
import { hostInfo, waitForEnd } from "./wait.ts";

/**
 * `openclaw gateway stop`
 * @throws CliError (failed) in a container; (unreachable) where none runs
 */
export const stop: Run<unknown> = async (context) => {
  if (inContainer(context.io.env)) throw notFromInside();
  const startedAt = performance.now();
  const before = await hostInfo(context);
  if (!before) return stopUnit(context);
  if (!(await askSupervisor("stop", before, context.io.env))) await askToStop(context);
  await waitForEnd(context, before);
  const tookMs = Math.round(performance.now() - startedAt);
  if (context.options.json) return printJson(context, { stopped: true, pid: before.pid, tookMs });
  context.io.out(`The gateway stopped after ${tookWords(tookMs)}.`);
  context.io.out(say`  To start it again: ${startCommand()}`);
};

/** With the gateway its container ends, and this command in it; the engine may start both again. */
function notFromInside(): CliError {
  const message =
    "the gateway's container is stopped by its engine, which may start it again otherwise";
  return new CliError("failed", message, { next: openclaw`gateway stop` });
}

async function askToStop(context: Context): Promise<void> {
  const gateway = await openRunning(context);
  if (!gateway) return;
  try {
    await gateway.request("host.stop");
  } finally {
    await gateway.close();
  }
}

/** A unit that fails and is started again and again does not answer, yet can be stopped. */
async function stopUnit({ io }: Context): Promise<void> {
  const state = await unitState(io.env);
  if (state === undefined || state === "inactive" || state === "failed") throw notRunning();
  io.err(`The gateway does not answer; systemd knows ${UNIT} as ${state} and stops it.`);
  await askSystemd("stop", UNIT, io.env);
  io.out("Stopped.");
}
