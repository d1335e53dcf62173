import { openclaw } from "../../../protocol/command.ts";
import { covers, type LeftOut, WRITE } from "../../../protocol/scopes.ts";
import { say, type Text } from "../../../protocol/text.ts";
import type { RequestRow } from "../../../words/request-kinds.ts";
import { leftOutWords, scopeInWords } from "../../../words/scopes.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import {
  accessWords,
  approveCommand,
  clientKind,
  quotedName,
  shortId,
  shown,
} from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import { adminNeeds, pairingNeeds } from "../../reach/needs.ts";
import { chooseCode, rejectRequest } from "./decide.ts";
import { isDeviceId, matchPending } from "./match.ts";
import { pendingRows } from "./pages.ts";
import type { PairedRow, PendingRow } from "./rows.ts";
import { requestRow } from "./show.ts";
import { pendingTable } from "./tables.ts";

export interface ApproveOptions {
  readonly without?: string;
  readonly yes?: boolean;
  readonly latest?: boolean;
}

/** `openclaw devices approve <code>` */
export const approve: Run<ApproveOptions> = async (context, words, options) => {
  const without = leftOut(options.without);
  await withGateway(context, adminNeeds, async (gateway) => {
    if (options.latest || words.length === 0) return whoWaits(context, gateway, options);
    const asks = isDeviceId(words) && !options.yes;
    const requestId = await findRequest(context, gateway, { words, verb: "Approve", asks });
    if (without) refuseUnshown(await requestRow(gateway, requestId), without);
    const params = { requestId, ...(without && { without: [without] }) };
    const approved = await gateway.request("device.pair.approve", params);
    if (context.options.json) return printJson(context, approved);
    const { device } = approved;
    // Of a node that was removed in the same moment there is nothing more to say.
    const lines = device
      ? approvedLines(device, { gateway, without })
      : [`Approved ${shown(requestId)}.`];
    for (const line of lines) context.io.out(line);
  });
};

/** @throws CliError (usage) for a word that names no right which can be left out */
function leftOut(word: string | undefined): LeftOut | undefined {
  if (word === undefined) return undefined;
  const scope = Object.hasOwn(leftOutWords, word) ? leftOutWords[word] : undefined;
  if (scope) return scope;
  throw new CliError("usage", `--without: expected ${Object.keys(leftOutWords).join(" or ")}`);
}

/**
 * A gateway of before has the right in the one to send messages, and would grant both: it shows a request
 * for that without it.
 * @throws CliError
 */
function refuseUnshown(row: RequestRow, without: LeftOut): void {
  const { scopes = [], approvedScopes = [] } = row;
  const isNew = scopes.includes(WRITE) && !covers(approvedScopes, WRITE);
  if (!isNew || covers(scopes, without)) return;
  const words = `that request does not name the right to ${scopeInWords(without)}, so nothing can be left out`;
  throw new CliError("failed", `${words}: it was made before the gateway knew it`, {
    next: say`let the device ask again; if that does not help: ${openclaw`gateway restart`}`,
  });
}

/**
 * `openclaw devices reject <code>`: rejects a device's request.
 * @throws CliError (usage) without a code
 */
export const reject: Run<unknown> = async (context, words) => {
  if (words.length === 0) throw nothingTyped(openclaw`devices list`);
  await withGateway(context, pairingNeeds, async (gateway) => {
    const requestId = await findRequest(context, gateway, { words, verb: "Reject" });
    await rejectRequest(context, gateway, { kind: "device", requestId });
  });
};

/** The code of the request that is meant. */
async function findRequest(
  context: Context,
  gateway: ReachedGateway,
  ask: { words: readonly string[]; verb: string; asks?: boolean },
): Promise<string> {
  const { words, verb } = ask;
  const match = matchPending(words, await pendingRows(gateway));
  // An id says who, and not for what: a person sees that first. Scripts have the code for it.
  const shownFirst = ask.asks && match.kind === "exact" && context.io.asksPerson;
  const found = shownFirst ? ({ kind: "likely", rows: [match.row] } as const) : match;
  const typed = { kind: "device", words, verb, match: found, table: pendingTable } as const;
  return chooseCode<PendingRow>(context, gateway, typed);
}

/** There is no "approve the latest": another device may have asked since you last looked. */
async function whoWaits(
  context: Context,
  gateway: ReachedGateway,
  { latest }: ApproveOptions,
): Promise<void> {
  const pending = await pendingRows(gateway);
  const { io } = context;
  if (latest) {
    io.err("--latest approves nothing: another device may have asked since you last looked.");
  }
  if (pending.length === 0) {
    const next = openclaw`devices invite`;
    throw new CliError("notFound", "no device waits for approval", { next });
  }
  for (const line of pendingTable(pending, { now: io.now(), columns: io.columns })) io.err(line);
  throw nothingTyped(approveCommand(pending));
}

function nothingTyped(next: Text): CliError {
  return new CliError("usage", "say which: give the code that the device shows", { next });
}

interface Approved {
  readonly gateway: ReachedGateway;
  readonly without: LeftOut | undefined;
}

function approvedLines(device: PairedRow, { gateway, without }: Approved): Text[] {
  const id = shortId(device.deviceId);
  const then = thenWords(device, gateway);
  return [
    `Approved: ${quotedName(device)} (${clientKind(device)}).`,
    `  It may now act as ${accessWords(device)}.`,
    ...(without ? [`  Left out: ${scopeInWords(without)}.`] : []),
    say`  ${then}`,
    say`  To remove it: ${openclaw`devices remove ${id}`}`,
  ];
}

function thenWords(device: PairedRow, gateway: ReachedGateway): Text {
  if (gateway.how === "stopped") return "It gets in once the gateway runs.";
  const roles = device.roles ?? [device.role];
  return roles.includes("node")
    ? say`It comes back within seconds; then its commands ask as well: ${openclaw`nodes pending`}`
    : "A browser that waits moves on by itself; a program gets in when it next connects.";
}
