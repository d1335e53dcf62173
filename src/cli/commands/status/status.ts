import { READ } from "../../../protocol/access.ts";
import { openclaw } from "../../../protocol/command.ts";
import { say, type Text } from "../../../protocol/text.ts";
import { agoWords, spanWords } from "../../kit/age.ts";
import { printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { noteLines, notesOf } from "../../kit/notes.ts";
import { count, shown, shownLines } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { Result } from "../../reach/gateway.ts";

type GatewayStatus = Result<"status">;
type WebhookReport = GatewayStatus["gateway"]["notify"];

/** `openclaw status`: the gateway's own figures. */
export const status: Run<unknown> = async (context) => {
  await withGateway(context, { scopes: [READ] }, async (gateway) => {
    const answer = await gateway.request("status");
    if (context.options.json) return printJson(context, answer);
    for (const line of statusLines(answer, context.io.now())) context.io.out(line);
  });
};

function statusLines({ gateway }: GatewayStatus, now: number): Text[] {
  const { operator = 0, node = 0, waiting = 0, unauthenticated = 0 } = gateway.connections;
  const { pending, devices, invites } = gateway.pairing;
  const rows: [string, string][] = [
    ["Gateway", `${shown(gateway.version)}, up ${spanWords(gateway.uptimeMs)}`],
    ["Listens on", gateway.listening.map((where) => shown(where, 200)).join(", ")],
    ["Fingerprint", shown(gateway.fingerprint, 200)],
    ...(gateway.pagePin === undefined ? [] : pinRows(gateway.pagePin)),
    ["Connected", `${count(operator, "operator")}, ${count(node, "node")}`],
    ["", `${waiting} waiting for approval, ${unauthenticated} not yet authenticated`],
    ["Devices", `${devices} paired, ${pending} asking, ${count(invites, "unused link")}`],
    ["State", storeWords(gateway.store)],
    ["Refusals", closeWords(gateway.closes)],
    ...notifyRow(gateway.notify, now),
  ];
  const lines: Text[] = rows.map(([name, value]) => `${name.padEnd(13)}${value}`);
  for (const note of notesOf(gateway)) lines.push("", ...noteLines(note));
  if (pending > 0) lines.push("", say`next: ${openclaw`devices list`}`);
  return lines;
}

/** What clients pin and people compare with what their browser shows of the certificate. */
function pinRows(pin: string): [string, string][] {
  return [["Certificate", `SHA-256 ${shown(pin, 64)}`]];
}

function storeWords({ ok, lastError }: GatewayStatus["gateway"]["store"]): string {
  return ok ? "written without errors" : `not well: ${shownLines(lastError ?? "unknown")}`;
}

/** How the last message to the webhook went. */
function notifyRow(notify: WebhookReport | undefined, now: number): [string, string][] {
  if (!notify?.configured) return [];
  const { last, waiting } = notify;
  const rest = waiting === 0 ? "" : `, ${count(waiting, "request")} still to be told`;
  if (!last) return [["Webhook", `nothing sent yet${rest}`]];
  const ago = agoWords(last.atMs, now);
  const words = last.ok
    ? `${shown(last.to, 200)} took a message ${ago}`
    : `failed ${ago}: ${shownLines(last.error ?? "unknown")}`;
  return [["Webhook", `${words}${rest}`]];
}

const MOST_CLOSES = 6;

/** The most frequent refusals and closes with their counts. */
function closeWords(closes: Readonly<Record<string, number>>): string {
  const all = Object.entries(closes).sort(([, a], [, b]) => b - a);
  const shownOnes = all.slice(0, MOST_CLOSES).map(([name, times]) => `${shown(name)} ${times}`);
  return shownOnes.join(", ") || "none";
}
