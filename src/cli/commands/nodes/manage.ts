import { blank, openclaw } from "../../../protocol/command.ts";
import { onGateway, say, type Text } from "../../../protocol/text.ts";
import { agoWords } from "../../kit/age.ts";
import { printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { clientKind, deviceName, quoted, quotedName, shortId, shown } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import { listNeeds } from "../../reach/needs.ts";
import { durabilityNote } from "../devices/durability.ts";
import { throwWithQuotes } from "../devices/paired.ts";
import { findNode } from "./find.ts";
import { commandWords, isWaiting, type NodeRow, statWords } from "./rows.ts";
import { keyUseLines } from "./several.ts";
import { seenWords } from "./tables.ts";

export interface NodeOptions {
  readonly node?: string;
  readonly name?: string;
}

/** `openclaw nodes describe <node>` */
export const describe: Run<Omit<NodeOptions, "name">> = async (context, args, options) => {
  const typed = options.node ?? args.join(" ");
  await withGateway(context, listNeeds, async (gateway) => {
    const { nodeId } = await findNode(context, gateway, { typed, verb: "Show", byName: true });
    const row = await gateway.request("node.describe", { nodeId });
    if (context.options.json) return printJson(context, row);
    const node = { ...row, deviceId: nodeId };
    for (const line of nodeLines(node, context.io.now())) context.io.out(line);
  });
};

function nodeLines(node: NodeRow, now: number): Text[] {
  const { version, remoteIp, approvedAtMs, pendingRequestId } = node;
  const rows: [string, string][] = [
    ["Node", deviceName(node)],
    ["ID", shown(node.nodeId)],
    ["Program", `${clientKind(node)}${version === undefined ? "" : `, ${shown(version)}`}`],
    ["Seen", `${seenWords(node, now)}${remoteIp === undefined ? "" : ` from ${shown(remoteIp)}`}`],
    ["Answers", commandWords(node.commands)],
    ["Approved", approvedAtMs === undefined ? "not yet" : agoWords(approvedAtMs, now)],
    ["Machine", statWords(node.hostStats, now).join(", ")],
    ...standbyRows(node, now),
  ];
  const lines: Text[] = rows.map(([name, value]) => `${name.padEnd(11)}${value}`);
  lines.push(...keyUseLines([node]));
  if (pendingRequestId !== undefined) {
    lines.push("", say`It offers more: ${openclaw`nodes approve ${shown(pendingRequestId)}`}`);
  } else if (isWaiting(node)) {
    lines.push("", say`It offers more, ${onGateway(openclaw`nodes pending`)}`);
  }
  return lines;
}

/** Its other connections: from where, what the machine calls itself there, since when. */
function standbyRows({ standbys = [] }: NodeRow, now: number): [string, string][] {
  return standbys.map(({ connectedAtMs, displayName, remoteIp, version }, i) => {
    const words = [
      ...(displayName === undefined ? [] : [quoted(shown(displayName))]),
      `from ${remoteIp === undefined ? "the gateway's machine" : shown(remoteIp)}`,
      ...(version === undefined ? [] : [`version ${shown(version)}`]),
      `connected ${agoWords(connectedAtMs, now)}`,
    ];
    return [i === 0 ? "Standby" : "", words.join(", ")];
  });
}

/** Names of several words, as they are typed. */
const QUOTED = openclaw`nodes rename ${"Attic server"} ${"Cellar server"}`;

/**
 * `openclaw nodes rename <node> <name>`: gives a node another name.
 * @throws CliError (usage) where node or name is missing
 */
export const rename: Run<NodeOptions> = async (context, args, options) => {
  const words = options.node === undefined ? args.slice(1) : args;
  const typed = options.node ?? args[0] ?? "";
  const displayName = options.name ?? words.join(" ");
  if (typed.trim() === "" || displayName.trim() === "") {
    throw new CliError("usage", "say the node and its new name", {
      next: openclaw`nodes rename ${blank("NODE")} ${"Attic server"}`,
    });
  }
  await withGateway(context, listNeeds, async (gateway) => {
    const ask = { typed, verb: "Rename", byName: true };
    const { nodeId } = await findNode(context, gateway, ask).catch((error) =>
      throwWithQuotes(error, words, QUOTED),
    );
    const renamed = await gateway.request("node.rename", {
      nodeId,
      displayName,
    });
    if (context.options.json) return printJson(context, renamed);
    context.io.out(`${shortId(nodeId)} is now called ${quoted(shown(renamed.displayName))}.`);
  });
};

/** `openclaw nodes remove <node>` */
export const remove: Run<Omit<NodeOptions, "name">> = async (context, args, options) => {
  const typed = options.node ?? args.join(" ");
  await withGateway(context, listNeeds, async (gateway) => {
    const node = await findNode(context, gateway, { typed, verb: "Remove" });
    const { nodeId } = node;
    const removed = await gateway.request("node.pair.remove", { nodeId });
    if (context.options.json) return printJson(context, removed);
    const closed = gateway.how === "stopped" ? "" : " Its connections are closed.";
    context.io.out(`Removed ${quotedName(node)} (${shortId(nodeId)}) as a node.${closed}`);
    durabilityNote(context, removed);
  });
};
