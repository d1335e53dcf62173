import { type Command, openclaw } from "../../../protocol/command.ts";
import { say, type Text } from "../../../protocol/text.ts";
import { agoWords } from "../../kit/age.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { quotedName, scopesInWords, shortId, shown } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import { adminNeeds } from "../../reach/needs.ts";
import { durabilityNote } from "./durability.ts";
import { deviceWord, findDevice } from "./paired.ts";
import type { PairedRow } from "./rows.ts";

export interface TokenOptions {
  readonly device?: string;
  readonly role?: string;
  readonly scope?: readonly string[];
  readonly force?: boolean;
}

/** `openclaw devices rotate <device>` */
export const rotate: Run<TokenOptions> = async (context, args, options) => {
  await onToken(context, { args, options, verb: "Rotate" }, async (gateway, device, role) => {
    const revokedAtMs = revokedAt(device, role);
    if (revokedAtMs !== undefined) {
      const when = agoWords(revokedAtMs, context.io.now());
      const message = `${quotedName(device)} was revoked as ${role} ${when}: there is no token to rotate`;
      const next = say`${inviteAs(role)} (a link lets it in again)`;
      throw new CliError("failed", message, { next, code: "ALREADY_REVOKED" });
    }
    const { scope: scopes, force } = options;
    const narrower = { ...(scopes && { scopes }), ...(force && { force }) };
    const params = { deviceId: device.deviceId, role, ...narrower };
    const rotated = await gateway.request("device.token.rotate", params);
    if (context.options.json) return printJson(context, rotated);
    const { io } = context;
    io.out(`${quotedName(device)} (${shortId(device.deviceId)}) has a new token as ${role}.`);
    if (role === "operator") io.out(`  It may: ${scopesInWords(rotated.scopes)}.`);
    if (scopes) {
      io.out(
        "  It gets no more until you approve that, or rotate it to more: the gateway token alone",
      );
      io.out("  gives it none.");
    }
    io.out("  The old one ended and its connections are closed. It gets the new one when it next");
    io.out("  connects with the gateway token; without that, give it a link:");
    io.out(say`  ${inviteAs(role)}`);
  });
};

/** What makes a link that the device can use in that role. */
function inviteAs(role: string): Command {
  return role === "node" ? openclaw`devices invite --role node` : openclaw`devices invite`;
}

/** `openclaw devices revoke <device>` */
export const revoke: Run<Omit<TokenOptions, "scope">> = async (context, args, options) => {
  await onToken(context, { args, options, verb: "Revoke" }, async (gateway, device, role) => {
    const { deviceId } = device;
    const revokedAtMs = revokedAt(device, role);
    if (revokedAtMs !== undefined) return revokedBefore(context, device, { role, revokedAtMs });
    const params = { deviceId, role, ...(options.force && { force: true }) };
    const revoked = await gateway.request("device.token.revoke", params);
    if (context.options.json) return printJson(context, revoked);
    const { io } = context;
    io.out(`Revoked ${quotedName(device)} (${shortId(deviceId)}) as ${role}.`);
    for (const line of staysOut(device)) io.out(line);
    durabilityNote(context, revoked);
  });
};

/** Says that the token was revoked before; that is no failure, so scripts get exit code 0. */
function revokedBefore(
  context: Context,
  device: PairedRow,
  { role, revokedAtMs }: { role: string; revokedAtMs: number },
): void {
  const { io, options } = context;
  const { deviceId } = device;
  if (options.json) return printJson(context, { deviceId, role, revokedAtMs });
  const when = agoWords(revokedAtMs, io.now());
  io.out(`${quotedName(device)} (${shortId(deviceId)}) was revoked as ${role} already, ${when}.`);
  for (const line of staysOut(device)) io.out(line);
}

function staysOut({ deviceId }: PairedRow): Text[] {
  return [
    "  It stays out until you approve it again. To forget it altogether:",
    say`  ${openclaw`devices remove ${shortId(deviceId)}`}`,
  ];
}

/** When the device's token of that role was revoked; `undefined` while it counts. */
function revokedAt({ tokens = [] }: PairedRow, role: string): number | undefined {
  return tokens.find((token) => token.role === role)?.revokedAtMs;
}

interface TokenAsk {
  readonly args: readonly string[];
  readonly options: TokenOptions;
  readonly verb: string;
}

async function onToken(
  context: Context,
  ask: TokenAsk,
  act: (gateway: ReachedGateway, device: PairedRow, role: string) => Promise<void>,
): Promise<void> {
  const typed = deviceWord(ask.args, ask.options.device);
  await withGateway(context, adminNeeds, async (gateway) => {
    const device = await findDevice(context, gateway, { typed, verb: ask.verb });
    await act(gateway, device, roleOf(device, ask.options.role));
  });
}

function roleOf(device: PairedRow, wanted: string | undefined): string {
  const roles = device.tokens?.map(({ role }) => role) ?? device.roles ?? ["operator"];
  const live = roles.filter((role) => revokedAt(device, role) === undefined);
  const meant = live.length > 0 ? live : roles;
  const [only = "operator"] = meant;
  if (wanted !== undefined && roles.includes(wanted)) return wanted;
  if (wanted === undefined && meant.length === 1) return only;
  const held = roles.map((role) => shown(role)).join(", ") || "no role";
  throw new CliError("usage", `--role: this device has ${held}; say which token is meant`, {
    next: `repeat the command with --role ${shown(only)}`,
  });
}
