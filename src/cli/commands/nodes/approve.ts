import { blank, openclaw, type Word } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { quotedName, shortId, shown } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import { approveNeeds } from "../../reach/needs.ts";
import { chooseCode, rejectRequest } from "../devices/decide.ts";
import { matchPending } from "../devices/match.ts";
import {
  approveNodeCommand,
  type CapabilityRow,
  capabilityRows,
  commandWords,
  joining,
} from "./rows.ts";
import { capabilityTable } from "./tables.ts";

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
    const id = shortId(nodeId);
    io.out(say`  To try it: ${openclaw`nodes invoke ${id} ${tryWords(commands)}`}`);
    io.out(say`  To remove it: ${openclaw`nodes remove ${id}`}`);
  });
};

function tryWords(commands: readonly string[] = []): Word[] {
  const [first] = commands;
  if (commands.includes("system.which")) return ["system.which", "--params", '{"bins":["df"]}'];
  return [first === undefined ? blank("COMMAND") : shown(first)];
}

/** `openclaw nodes reject <code>` */
export const reject: Run<unknown> = async (context, words) => {
  await withGateway(context, approveNeeds, async (gateway) => {
    const requestId = await findRequest(context, gateway, { words, verb: "Reject" });
    await rejectRequest(context, gateway, { kind: "node", requestId });
  });
};

/**
 * The code of the request that is meant. With no words it shows the requests and leaves the choice
 * to the person.
 * @throws CliError where no request, or more than one, fits
 */
async function findRequest(
  context: Context,
  gateway: ReachedGateway,
  { words, verb }: { words: readonly string[]; verb: string },
): Promise<string> {
  const { io } = context;
  const rows = await capabilityRows(gateway);
  if (words.length === 0) {
    const view = { now: io.now(), columns: io.columns };
    for (const line of rows.length > 0 ? capabilityTable(rows, view) : []) io.err(line);
    const next = rows.length > 0 ? approveNodeCommand(rows) : openclaw`nodes list`;
    throw new CliError("usage", "say which: give the code of the request", { next });
  }
  const match = matchPending(words, rows);
  if (match.kind === "none") await hintAtDevice(gateway, words);
  const typed = { kind: "node", words, verb, match, table: capabilityTable } as const;
  return chooseCode<CapabilityRow>(context, gateway, typed);
}

/** A machine that is not paired yet shows the code of the step before. */
async function hintAtDevice(gateway: ReachedGateway, words: readonly string[]): Promise<void> {
  const match = matchPending(words, await joining(gateway));
  if (match.kind !== "exact") return;
  throw new CliError("failed", "that machine asks to be paired first", {
    next: openclaw`devices approve ${shown(match.row.requestId)}`,
  });
}
