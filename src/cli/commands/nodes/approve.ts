import { type Context, printJson } from "../../kit/context.ts";
import { CliError } from "../../kit/exit.ts";
import type { Run } from "../../kit/shell.ts";
import { quotedName, shortId, shown } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { Gateway } from "../../reach/gateway.ts";
import { approveNeeds } from "../../reach/needs.ts";
import { chooseRow } from "../devices/choose.ts";
import { durabilityNote } from "../devices/durability.ts";
import { CODE_FORM, looksLikeCode, matchPending } from "../devices/match.ts";
import { requestCard, requestRow } from "../devices/show.ts";
import {
  approveNodeCommand,
  type CapabilityRow,
  commandWords,
  joining,
  surfaceRows,
} from "./rows.ts";
import { surfaceTable } from "./tables.ts";

/** `openclaw nodes approve <code>` */
export const approve: Run<unknown> = async (context, words) => {
  await withGateway(context, approveNeeds, async (gateway) => {
    const requestId = await findRequest(context, gateway, { words, verb: "Approve" });
    const approved = await gateway.request("node.pair.approve", { requestId });
    if (context.options.json) return printJson(context, approved);
    const { nodeId, commands } = approved.node;
    const node = { ...approved.node, deviceId: nodeId };
    const { io } = context;
    io.out(`Approved: ${quotedName(node)} (${shortId(nodeId)}) answers ${commandWords(commands)}.`);
    io.out(`  To try it: openclaw nodes invoke ${shortId(nodeId)} ${tryWords(commands)}`);
    io.out(`  To remove it: openclaw nodes remove ${shortId(nodeId)}`);
  });
};

function tryWords(commands: readonly string[] = []): string {
  const [first = "COMMAND"] = commands;
  if (!commands.includes("system.which")) return shown(first);
  return `system.which --params '{"bins":["df"]}'`;
}

/** `openclaw nodes reject <code>` */
export const reject: Run<unknown> = async (context, words) => {
  await withGateway(context, approveNeeds, async (gateway) => {
    const requestId = await findRequest(context, gateway, { words, verb: "Reject" });
    const rejected = await gateway.request("node.pair.reject", {
      requestId,
    });
    if (context.options.json) return printJson(context, rejected);
    context.io.out(`Rejected ${shown(rejected.requestId)}. What was approved before stays so.`);
    durabilityNote(context, rejected);
  });
};

/**
 * The code of the request that is meant. With no words it shows the requests and leaves the choice
 * to the person.
 * @throws CliError where no request, or more than one, fits
 */
async function findRequest(
  context: Context,
  gateway: Gateway,
  { words, verb }: { words: readonly string[]; verb: string },
): Promise<string> {
  const { io } = context;
  const rows = await surfaceRows(gateway);
  const show = (found: readonly CapabilityRow[]) =>
    surfaceTable(found, { now: io.now(), columns: io.columns });
  if (words.length === 0) {
    for (const line of rows.length > 0 ? show(rows) : []) io.err(line);
    const next = rows.length > 0 ? approveNodeCommand(rows) : "openclaw nodes list";
    throw new CliError("usage", "say which: give the code of the request", { next });
  }
  const typed = words.join(" ");
  const match = matchPending(words, rows);
  if (match.kind === "none") await hintAtDevice(gateway, words);
  if (match.kind === "none" && looksLikeCode(typed)) return typed;
  const row = await chooseRow<CapabilityRow>(context, match, {
    typed: shown(typed),
    verb,
    exactWord: "code",
    exactName: ({ requestId }) => shown(requestId),
    show,
    showOne: async ({ requestId }) => requestCard(context, await requestRow(gateway, requestId)),
    nothing: `no request of a node fits ${shown(typed)}; ${CODE_FORM}`,
    list: "openclaw nodes pending",
  });
  return row.requestId;
}

/** A machine that is not paired yet shows the code of the step before. */
async function hintAtDevice(gateway: Gateway, words: readonly string[]): Promise<void> {
  const match = matchPending(words, await joining(gateway));
  if (match.kind !== "exact") return;
  throw new CliError("failed", "that machine asks to be paired first", {
    next: `openclaw devices approve ${shown(match.row.requestId)}`,
  });
}
