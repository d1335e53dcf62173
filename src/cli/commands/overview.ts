import { openclaw, REST } from "../../protocol/command.ts";
import { plainText, say, type Text } from "../../protocol/text.ts";
import { agoWords } from "../kit/age.ts";
import { type Context, printJson } from "../kit/context.ts";
import type { Run } from "../kit/declare.ts";
import { CliError } from "../kit/exit.ts";
import { noteLines, notesOf } from "../kit/notes.ts";
import { styleOf } from "../kit/style.ts";
import { accessWords, approveCommand, clientKind, count, quotedName, shown } from "../kit/words.ts";
import { notRunning, openRunning, startCommand } from "../reach/connect.ts";
import type { ReachedGateway, Result } from "../reach/gateway.ts";
import { pendingRows } from "./devices/pages.ts";
import type { PendingRow } from "./devices/rows.ts";
import { approveNodeCommand, type CapabilityRow, capabilityRows } from "./nodes/rows.ts";

type HostReport = Result<"host.info">;

/** `openclaw` alone: whether the gateway runs, who waits, and what to type next. */
export async function overview(context: Context): Promise<void> {
  const gateway = await localGateway(context);
  if (!gateway) return notRunningLines(context);
  try {
    await report(context, gateway);
  } finally {
    await gateway.close();
  }
}

/**
 * `openclaw gateway status`: whether the gateway runs, who waits, and what to type next.
 * @throws CliError where it does not run, so that scripts get an exit code
 */
export const gatewayStatus: Run<unknown> = async (context) => {
  const gateway = await localGateway(context);
  if (!gateway) throw notRunning();
  try {
    await report(context, gateway);
  } finally {
    await gateway.close();
  }
};

/** What is asked here concerns this machine's process, which no URL leads to. */
async function localGateway(context: Context): Promise<ReachedGateway | undefined> {
  if (context.options.url === undefined) return openRunning(context);
  throw new CliError("usage", "this is about the gateway on this machine; --url does not apply", {
    next: openclaw`status --url ${REST}`,
  });
}

function notRunningLines(context: Context): void {
  if (context.options.json)
    return printJson(context, { running: false, next: plainText(startCommand()) });
  const { bad } = styleOf(context.io);
  context.io.out(`The gateway is ${bad("not running")}.`);
  context.io.out(say`  next: ${startCommand()}`);
  context.io.out(say`  all commands: ${openclaw`--help`}`);
}

async function report(context: Context, gateway: ReachedGateway): Promise<void> {
  const info = await gateway.request("host.info");
  if (context.options.json) return printJson(context, { running: true, ...info });
  const pending = await pendingRows(gateway);
  for (const line of infoLines(context, info)) context.io.out(line);
  for (const line of waitingLines(pending, info)) context.io.out(line);
  const requests = await capabilityRows(gateway).catch(() => []);
  if (requests.length > 0) context.io.out(say`  ${capabilitiesWaiting(requests)}`);
}

function infoLines({ io }: Context, info: HostReport): Text[] {
  const { good } = styleOf(io);
  const { operator = 0, node = 0 } = info.connections;
  const since = agoWords(io.now() - info.uptimeMs, io.now());
  const rows: [string, string][] = [
    ["Page", shown(info.pageUrl, 200)],
    ["Listens on", info.listening.map((where) => shown(where, 200)).join(", ")],
    ["Fingerprint", shown(info.fingerprint, 200)],
    ["Connected", `${count(operator, "operator")}, ${count(node, "node")}`],
    ["Paired", count(info.pairing.devices, "device")],
    ["State", shown(info.stateDir, 200)],
    ["Config", shown(info.configPath, 200)],
  ];
  const lines: Text[] = [
    `The gateway ${shown(info.version)} is ${good("running")}, started ${since}${supervised(info)}.`,
  ];
  lines.push(...rows.map(([name, value]) => `  ${name.padEnd(13)}${value}`));
  const notes = notesOf(info).flatMap(noteLines);
  lines.push(...notes.map((line) => say`  ${line}`));
  return lines;
}

function supervised({ supervisor, unit, pid }: HostReport): string {
  const by = supervisor === "none" ? "" : ` by ${supervisor}${unit ? ` (${shown(unit)})` : ""}`;
  return `${by}, process ${pid}`;
}

/** The second step of a node; without it, it answers nothing. */
function capabilitiesWaiting(requests: readonly CapabilityRow[]): Text {
  const whose = requests.length === 1 ? "a node wait" : `${requests.length} nodes wait`;
  return say`The commands of ${whose} for approval: ${approveNodeCommand(requests)}`;
}

const MOST_WAITING = 5;

function waitingLines(pending: readonly PendingRow[], info: HostReport): Text[] {
  if (pending.length === 0) {
    const next = info.pairing.devices === 0 ? openclaw`devices invite` : openclaw`devices list`;
    return ["", "No device waits for approval.", say`  next: ${next}`];
  }
  const rows = pending.slice(0, MOST_WAITING).map((row) => {
    return `  ${shown(row.requestId)}  ${quotedName(row)} (${clientKind(row)}), ${accessWords(row)}`;
  });
  const rest = pending.length - rows.length;
  return [
    "",
    pending.length === 1
      ? "1 device waits for approval:"
      : `${pending.length} devices wait for approval:`,
    ...rows,
    ...(rest > 0 ? [say`  … and ${rest} more: ${openclaw`devices list`}`] : []),
    say`  next: ${approveCommand(pending)}`,
  ];
}
