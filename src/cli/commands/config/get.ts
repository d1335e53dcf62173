import { openclaw } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { shown, shownLines } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import { readNeeds } from "../../reach/needs.ts";
import { secretKind } from "./set.ts";

/**
 * `openclaw config get [path]`: what is in force, defaults included and secrets hidden.
 * @throws CliError for a secret, and for a key that is not set
 */
export const get: Run<unknown> = async (context, [path]) => {
  if (path !== undefined && secretKind(path) !== undefined) throw neverShown();
  await withGateway(context, readNeeds, async (gateway) => {
    const view = await gateway.request("config.get");
    if (path === undefined && context.options.json) return printJson(context, view);
    const found = path === undefined ? view.config : await valueUnder(view.config, path);
    if (found === undefined) throw await notSet(path ?? "");
    if (context.options.json) return printJson(context, found);
    if (typeof found === "string") context.io.data(shownLines(found));
    else printJson(context, found);
    for (const { message } of view.warnings ?? [])
      context.io.err(`warning: ${shown(message, 500)}`);
  });
};

/** The value of a key under any of its names. */
async function valueUnder(config: unknown, path: string): Promise<unknown> {
  const found = valueAt(config, path);
  if (found !== undefined) return found;
  const { resolveKey } = await import("../../../config/schema.ts");
  const key = resolveKey(path);
  return key === undefined ? undefined : valueAt(config, key);
}

function valueAt(config: unknown, path: string): unknown {
  let at = config;
  for (const name of path.split(".")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

function neverShown(): CliError {
  return new CliError("failed", "only the secret's hash is stored; nobody can show it", {
    next: say`${openclaw`token new`} (or ${openclaw`config set gateway.password -`})`,
  });
}

/** Tells a known key without a value from one that does not exist. */
async function notSet(path: string): Promise<CliError> {
  const { resolveKey, specOf } = await import("../../../config/schema.ts");
  const key = resolveKey(path);
  if (key === undefined) {
    return new CliError("notFound", `${shown(path)} is not a key of this gateway`, {
      next: openclaw`config --help`,
    });
  }
  return new CliError("notFound", `${key} is not set`, {
    next: openclaw`config set ${key} ${specOf(key).example}`,
  });
}
