import { isLoopbackHost } from "../../../lib/net.ts";
import { openclaw } from "../../../protocol/command.ts";
import { say, type Text } from "../../../protocol/text.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { shown, shownLines } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { ReachedGateway, Result } from "../../reach/gateway.ts";
import { hostNeeds } from "../../reach/needs.ts";
import { readSecret, warnVisible } from "../../reach/remote-options.ts";
import { derivedParams, sayClosed, secretNeeds, type TokenCommandOptions } from "../token/token.ts";

type KeyChanged = Result<"host.config.set">;

/**
 * `openclaw config set <path> <value|->`: changes one key; `-` reads the value from standard input.
 * @throws CliError (usage) where words are missing or a secret stands among them
 */
export const set: Run<TokenCommandOptions> = async (context, args, options) => {
  const [path = "", typed = ""] = args;
  const kind = secretKind(path);
  if (kind !== undefined) return setSecret(context, { path, typed, kind }, options);
  if (options.revokeDerived) {
    const message = "--revoke-derived goes with gateway.token and gateway.password";
    throw new CliError("usage", message);
  }
  const value = typed === "-" ? await context.io.readLine() : typed;
  await change(context, { path, value, ...forced(path, options) });
};

/** `openclaw config add <path> <item>` */
export const add: Run<unknown> = async (context, [path = "", value = ""]) =>
  change(context, { path, value, list: "add" });

/** `openclaw config remove <path> <item>` */
export const remove: Run<unknown> = async (context, [path = "", value = ""]) =>
  change(context, { path, value, list: "remove" });

/** `openclaw config unset <path>` */
export const unset: Run<{ force?: boolean }> = async (context, [path = ""], options) =>
  change(context, { path, ...forced(path, options) });

/** Approval over SSH is, besides secrets, all that may be a way in. */
function forced(path: string, { force }: { force?: boolean }): { force?: true } {
  if (!force) return {};
  if (path === "gateway" || /^gateway\.ssh(\.|$)/.test(path)) return { force };
  const message = "--force goes with gateway.token, gateway.password and gateway.ssh";
  throw new CliError("usage", message);
}

async function change(
  context: Context,
  params: { path: string; value?: string; list?: "add" | "remove"; force?: true },
): Promise<void> {
  await withGateway(context, hostNeeds, async (gateway) => {
    const changed = await gateway.request("host.config.set", params);
    if (context.options.json) return printJson(context, changed);
    for (const line of changedLines(changed, gateway)) context.io.out(line);
    for (const warning of changed.warnings) context.io.err(`warning: ${shownLines(warning)}`);
    if (opensPlainHttp(changed, params.value)) for (const line of plainHttp) context.io.err(line);
  });
}

/** Printed when a setting opens the port to a network. */
const plainHttp: readonly Text[] = [
  "warning: this is plain HTTP: whoever is on the way reads along, secrets included",
  say`  next: put nginx with TLS in front (nginx/render-site.sh prints its site), then: ${openclaw`config unset gateway.bind`}`,
];

function opensPlainHttp({ path }: KeyChanged, value: string | undefined): boolean {
  return path === "gateway.bind" && value !== undefined && !isLocal(value.trim());
}

function isLocal(bind: string): boolean {
  return bind === "loopback" || isLoopbackHost(bind);
}

function changedLines(changed: KeyChanged, gateway: ReachedGateway): Text[] {
  if (changed.diff === "") return [`${shown(changed.path)} is so already; nothing was written.`];
  const lines: Text[] = [shown(changed.file, 4096), shownLines(changed.diff)];
  // A gateway of before this program was upgraded does not say.
  if (changed.inForce === false) {
    lines.push(
      say`Not in force while the file has errors; what they are: ${openclaw`config validate`}`,
    );
  } else if (gateway.how === "stopped") lines.push("In force when the gateway starts.");
  else if (changed.restartNeeded) lines.push(say`In force after: ${openclaw`gateway restart`}`);
  else lines.push("In force now.");
  return lines;
}

interface SecretAsk {
  readonly path: string;
  readonly typed: string;
  readonly kind: "token" | "password";
}

async function setSecret(
  context: Context,
  { path, typed, kind }: SecretAsk,
  options: TokenCommandOptions,
): Promise<void> {
  const derived = derivedParams(options);
  if (typed !== "-") warnVisible(context, openclaw`config set ${path} -`);
  const secret = typed === "-" ? await readSecret(context, `New ${kind}: `) : typed;
  if (secret === "") throw new CliError("usage", `the ${kind} is empty; nothing was changed`);
  await withGateway(context, secretNeeds, async (gateway) => {
    const params = { kind, secret, ...derived };
    const changed = await gateway.request("host.secret.set", params);
    if (context.options.json) return printJson(context, changed);
    context.io.out(`The gateway ${kind} is set; only its hash is stored.`);
    sayClosed(context, changed, options);
  });
}

/** Keys that are no settings but shared secrets: they go hashed into the state, never into the file. */
const secretKeys: Readonly<Record<string, "token" | "password">> = {
  "gateway.token": "token",
  "gateway.auth.token": "token",
  "gateway.password": "password",
  "gateway.auth.password": "password",
};

/** Which shared secret a key names, if it names one. */
export function secretKind(path: string): "token" | "password" | undefined {
  return Object.hasOwn(secretKeys, path) ? secretKeys[path] : undefined;
}
