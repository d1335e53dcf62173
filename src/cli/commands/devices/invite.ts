import { NODES, ownerScopes, READ, WRITE } from "../../../protocol/access.ts";
import { decodeSetupCode } from "../../../protocol/setup-code.ts";
import { scopeWords } from "../../../words/scopes.ts";
import { spanWords } from "../../kit/age.ts";
import { printJson, remark } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { accessWords, quoted, shown } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { Params } from "../../reach/gateway.ts";
import { adminNeeds } from "../../reach/needs.ts";
import { type InviteOptions, lifeParams, pinned, readPin } from "./invite-options.ts";
import { joinLines, loopbackLines } from "./join-lines.ts";

/** `openclaw devices invite` */
export const invite: Run<InviteOptions> = async (context, _args, options) => {
  if (options.setupCode) return (await import("./setup.ts")).setupCode(context, options);
  const params = inviteParams(options);
  const given = readPin(options.pin);
  await withGateway(context, adminNeeds, async (gateway) => {
    const answer = await gateway.request("device.pair.invite", params);
    const { setupCode } = answer;
    const code = setupCode === undefined ? undefined : pinned(setupCode, given);
    const pin = given ?? (code === undefined ? undefined : decodeSetupCode(code)?.tlsFingerprint);
    const made = { ...answer, ...(code !== undefined && { setupCode: code }) };
    if (context.options.json) return printJson(context, made);
    const { io } = context;
    const link = shown(made.url, 2048);
    io.data(link);
    const left = spanWords(made.expiresAtMs - io.now() + 500);
    const name = made.name === undefined ? "" : `${quoted(shown(made.name))}, `;
    const { uses = 1 } = made;
    const works = uses === 1 ? `once, for ${left}` : `for ${uses} devices, within ${left}`;
    const who = `Whoever opens it is paired as ${name}${accessWords(made)}.`;
    remark(context, `  Works ${works}. ${who}`);
    if (made.role === "node") joinLines(context, { link, setupCode: code, pin });
    else remark(context, "  Open it on the device and press “Pair this browser”.");
    loopbackLines(context, link);
    if (options.qr) (await import("../../kit/qr.ts")).drawQr(context, [link]);
  });
};

function inviteParams(options: InviteOptions): Params<"device.pair.invite"> {
  const { role = "operator", scopes, uses } = options;
  for (const flag of ["access", "publicUrl"] as const) {
    if (options[flag] === undefined) continue;
    const words = flag === "access" ? "--access" : "--public-url";
    throw new CliError("usage", `${words} goes with --setup-code`);
  }
  if (role !== "operator" && role !== "node") {
    throw new CliError("usage", "--role: expected operator or node");
  }
  if (role !== "node" && options.pin !== undefined) {
    throw new CliError("usage", "--pin goes with --role node or --setup-code");
  }
  if (role === "node" && scopes !== undefined) {
    throw new CliError("usage", "--scopes: a node has none; leave it out");
  }
  return {
    role,
    ...(role === "operator" && { scopes: parseScopes(scopes) }),
    ...lifeParams(options),
    ...(uses !== undefined && { uses: parseUses(uses) }),
  };
}

function parseUses(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new CliError("usage", "--uses: expected how many devices the link pairs, such as 20");
}

/**
 * `read,write` or full names; `owner` stands for everything an owner holds. A plugin's scope, which this
 * gateway can't name, is typed whole: `acme.chat`.
 * @throws CliError (usage) for an unknown scope
 */
function parseScopes(text: string | undefined): string[] {
  if (text === undefined) return [READ, WRITE, NODES];
  const names = text.split(/[\s,]+/).filter((word) => word !== "");
  const scopes = names.flatMap((word) => {
    if (word === "owner") return [...ownerScopes];
    return [word.startsWith("operator.") || isForeign(word) ? word : `operator.${word}`];
  });
  const unknown = scopes.find((scope) => !Object.hasOwn(scopeWords, scope) && !isForeign(scope));
  if (unknown === undefined && scopes.length > 0) return [...new Set(scopes)];
  const known = Object.keys(scopeWords).map((scope) => scope.slice("operator.".length));
  throw new CliError("usage", `--scopes: expected some of ${known.join(", ")}, or owner`);
}

/** Whether a word is the scope of a plugin, and no slip in one of this gateway's own. */
function isForeign(word: string): boolean {
  const [family, ...rest] = word.split(".");
  const own = Object.keys(scopeWords).flatMap((scope) => scope.split(".").slice(0, 2));
  return rest.length > 0 && family !== undefined && !own.includes(family);
}
