import { configPath, stateFolder } from "../../../host/paths.ts";
import { openclaw } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { type Context, printJson, remark } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { shown, shownLines } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import { readNeeds } from "../../reach/needs.ts";
import { NO_STATE } from "../../reach/stopped.ts";
import { secretKind } from "./set.ts";

/**
 * `openclaw config get [path]`: what is in force, defaults included and secrets hidden; where no gateway ran
 * yet, what would be.
 * @throws CliError for a secret, for a key that is not set, and where the file of a stopped gateway has errors
 */
export const get: Run<unknown> = async (context, [path]) => {
  if (path !== undefined && secretKind(path) !== undefined) throw neverShown();
  const { io, options } = context;
  const view = await withGateway(context, readNeeds, inForce).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== NO_STATE) throw error;
    return fileView(context);
  });
  if (path === undefined && options.json) return printJson(context, view);
  const found = path === undefined ? view.config : await valueUnder(view.config, path);
  if (found === undefined) throw await notSet(path ?? "");
  if (options.json) return printJson(context, found);
  if (typeof found === "string") io.data(shownLines(found));
  else printJson(context, found);
  for (const line of origins(view, path)) remark(context, line);
  for (const { message } of view.warnings) io.err(`warning: ${shown(message, 500)}`);
};

/** Which of the values shown come from elsewhere than the file. */
function origins({ overrides = [] }: View, asked: string | undefined): string[] {
  return overrides
    .filter(({ path }) => asked === undefined || path === asked || path.startsWith(`${asked}.`))
    .map(({ path, by, name }) => {
      const where = by === "env" ? `the variable ${shown(name)}` : "a flag of the command line";
      return `${shown(path)} comes from ${where}.`;
    });
}

interface View {
  readonly config: unknown;
  readonly warnings: readonly { readonly path: string; readonly message: string }[];
  /** Absent where an older gateway runs. */
  readonly overrides?: readonly {
    readonly path: string;
    readonly by: "env" | "flag";
    readonly name: string;
  }[];
}

async function inForce(gateway: ReachedGateway): Promise<View> {
  const view = await gateway.request("config.get");
  // What runs keeps the settings of before an error; where nothing runs, none are in force.
  if (gateway.how === "stopped" && !view.valid) throw hasErrors();
  return view;
}

/** The file laid over the defaults, where there is no state to ask. */
async function fileView({ io }: Context): Promise<View> {
  const { loadConfig } = await import("../../../config/load.ts");
  const { redactConfig } = await import("../../../config/redact.ts");
  const path = configPath(io.env, stateFolder(io.env));
  const { config, warnings, errors, overrides } = await loadConfig({ path, env: io.env });
  if (errors.length > 0) throw hasErrors();
  return {
    config: redactConfig(config),
    overrides,
    warnings: warnings.map(({ path: key, message }) => ({ path: key, message })),
  };
}

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

function hasErrors(): CliError {
  return new CliError("config", "the configuration has errors, so nothing of it is in force", {
    next: openclaw`config validate`,
    code: "CONFIG_VALUE",
  });
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
