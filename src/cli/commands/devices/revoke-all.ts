import { blank, type Command, openclaw } from "../../../protocol/command.ts";
import { say, type Text } from "../../../protocol/text.ts";
import { confirm } from "../../kit/confirm.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { count, quotedName, shortId } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { Result } from "../../reach/gateway.ts";
import { adminNeeds } from "../../reach/needs.ts";
import { durabilityNote } from "./durability.ts";
import { findDevice } from "./paired.ts";
import type { PairedRow } from "./rows.ts";
import { heldWords } from "./tables.ts";

export interface RevokeAllOptions {
  readonly except?: readonly string[];
  readonly yes?: boolean;
  readonly force?: boolean;
}

type Revoked = Result<"device.pair.revokeAll">;

/**
 * What still lets clients in, or lets them ask: kinds of shared secret, the command line without a
 * device, remaining admins, SSH keys.
 */
type Remains = Revoked["remains"];

const METHOD = "device.pair.revokeAll";
/** Milliseconds: a hundred thousand devices on a slow disk take their time. */
const REVOKE_MS = 10 * 60_000;

/** `openclaw devices revoke-all` */
export const revokeAll: Run<RevokeAllOptions> = async (context, _args, options) => {
  await withGateway(context, adminNeeds, async (gateway) => {
    const exceptDeviceIds: string[] = [];
    for (const typed of options.except ?? []) {
      exceptDeviceIds.push((await findDevice(context, gateway, { typed, verb: "Keep" })).deviceId);
    }
    const params = { exceptDeviceIds, ...(options.force && { force: true }) };
    if (!options.yes) {
      await ask(context, await gateway.request(METHOD, { ...params, dryRun: true }));
    }
    const done = await gateway.request(METHOD, params, REVOKE_MS);
    if (context.options.json) return printJson(context, done);
    for (const line of doneLines(done, gateway.how)) context.io.out(line);
    durabilityNote(context, done);
  });
};

async function ask(context: Context, planned: Revoked): Promise<void> {
  const { io, options } = context;
  const what = `ends the tokens of ${wordsOf(planned)}`;
  if (!io.asksPerson || options.json) {
    throw new CliError("failed", `nothing was changed yet; --yes would make it: it ${what}`, {
      next: "repeat the command with --yes",
    });
  }
  io.out(`This ${what}.`);
  for (const device of planned.kept) io.out(`  Stays: ${keptWords(device)}`);
  if (planned.kept.length === 0) io.out("  No device stays.");
  await confirm(context, { question: "Go on?" });
}

function wordsOf({ revoked, rejected, links, nodes }: Revoked): string {
  const ofNodes = nodes > 0 ? ` (${count(nodes, "node")} among them)` : "";
  const requests = `rejects ${count(rejected, "request")}`;
  return `${count(revoked, "device")}${ofNodes}, ${requests} and revokes ${count(links, "link")}`;
}

function keptWords(device: PairedRow): string {
  return `${quotedName(device)} (${shortId(device.deviceId)}), ${heldWords(device)}`;
}

function doneLines(done: Revoked, how: string): Text[] {
  const { revoked, nodes, rejected, links, kept } = done;
  const closed = how === "stopped" ? "" : ", and their connections are closed";
  return [
    `Revoked ${count(revoked, "device")}: their tokens ended${closed}.`,
    ...(nodes > 0
      ? [`  ${count(nodes, "node")} among them: what was allowed to nodes ended too.`]
      : []),
    `  Rejected ${count(rejected, "request")}, revoked ${count(links, "link")}.`,
    ...kept.map((device) => `  Stays: ${keptWords(device)}`),
    "What remains:",
    ...remainsLines(done.remains).map((line) => say`  ${line}`),
  ];
}

/** Lines for people, one kind after the other. */
function remainsLines({ secrets, devicelessCli, waysIn, sshKeys }: Remains): Text[] {
  const lines: Text[] = [];
  for (const kind of secrets) {
    lines.push(`The gateway ${kind} lets who has it ask to be let in, not in. To renew it:`);
    lines.push(say`  ${RENEW[kind] ?? NEW_TOKEN}`);
  }
  if (secrets.length > 0 && devicelessCli) {
    lines.push("On this machine OpenClaw's own command line needs nothing else. To end that:");
    lines.push(say`  ${openclaw`config set gateway.auth.devicelessCli never`}`);
  }
  if (sshKeys > 0) {
    lines.push(`${count(sshKeys, "SSH key")} may go on letting devices in. To look, and remove:`);
    lines.push(say`  ${openclaw`ssh list`}, then: ${openclaw`ssh remove ${blank("NAME")}`}`);
  }
  if (waysIn.devices + waysIn.others === 0) {
    lines.push("Nobody has full control from elsewhere. To let yourself in again:");
    lines.push(say`  ${openclaw`devices invite --scopes owner`}`);
  }
  lines.push(say`What was done before it stays done: ${openclaw`audit --since 30d`}`);
  return lines;
}

const NEW_TOKEN = openclaw`token new --revoke-derived`;
const RENEW: Readonly<Record<string, Command>> = {
  token: NEW_TOKEN,
  password: openclaw`config set gateway.password - --revoke-derived`,
};
