import { configPath, stateFolder } from "../../../host/paths.ts";
import { say } from "../../../protocol/text.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import type { ExitName } from "../../kit/exit.ts";
import { shown, shownText } from "../../kit/words.ts";
import { openRunning } from "../../reach/connect.ts";

/** `openclaw config file`: the file of the gateway that runs, else the one it would read. */
export const file: Run<unknown> = async (context) => {
  const path = await pathInUse(context);
  if (context.options.json) return printJson(context, { path });
  context.io.data(shown(path, 4096));
};

async function pathInUse(context: Context): Promise<string> {
  // Asking is a courtesy here: a user who may not use the socket still learns the usual place.
  const gateway = await openRunning(context).catch(() => undefined);
  if (gateway) {
    try {
      return (await gateway.request("host.info")).configPath;
    } finally {
      await gateway.close();
    }
  }
  return configPath(context.io.env, stateFolder(context.io.env));
}

/** `openclaw config validate [file]` */
export const validate: Run<unknown> = async (context, [given]): Promise<ExitName> => {
  const { resolve } = await import("node:path");
  const { loadConfig } = await import("../../../config/load.ts");
  const { formatIssue, issueRow } = await import("../../../config/errors.ts");
  const path = given === undefined ? await pathInUse(context) : resolve(given);
  const { errors, warnings, source } = await loadConfig({ path, env: context.io.env });
  const exit = errors.length > 0 ? "config" : "ok";
  if (context.options.json) {
    const valid = exit === "ok";
    const rows = { errors: errors.map(issueRow), warnings: warnings.map(issueRow) };
    printJson(context, { path, exists: source.exists, valid, ...rows });
    return exit;
  }
  const { io } = context;
  for (const issue of errors) io.err(shownText(formatIssue(issue, path)));
  for (const issue of warnings) io.err(say`warning: ${shownText(formatIssue(issue, path))}`);
  if (exit === "config") return exit;
  io.out(
    source.exists
      ? `${shown(path, 4096)} is valid.`
      : `There is no ${shown(path, 4096)}; the defaults are in force.`,
  );
  return exit;
};
