import { parseSpan } from "../age.ts";
import { type Gateway, startCommand, withGateway } from "../connect.ts";
import { type Context, printJson } from "../context.ts";
import { CliError } from "../exit.ts";
import type { Run } from "../shell.ts";
import { styleOf } from "../style.ts";
import type { DeviceList, PairedRow, PendingRow } from "../wire.ts";
import { approveCommand, count } from "../words.ts";
import { pairingNeeds } from "./needs.ts";
import { pairedTable, pendingTable } from "./tables.ts";

export interface ListOptions {
  readonly stale?: string | true;
  readonly role?: string;
  readonly limit?: string;
}

const DEFAULT_STALE = "30d";

/** `openclaw devices list` */
export const list: Run<ListOptions> = async (context, _args, options) => {
  const filter = readFilter(options, context.io.now());
  await withGateway(context, pairingNeeds, async (gateway) => {
    const all = await gateway.request<DeviceList>("device.pair.list");
    const rows = filterRows(all, filter);
    if (context.options.json) return printJson(context, { ...all, ...rows.shown });
    printRows(context, rows, gateway);
  });
};

interface Filter {
  /** Only devices last seen before this moment. */
  readonly seenBefore?: number;
  readonly role?: string;
  readonly limit: number;
}

function readFilter(options: ListOptions, now: number): Filter {
  const { stale, role, limit } = options;
  if (role !== undefined && role !== "operator" && role !== "node") {
    throw new CliError("usage", "--role: expected operator or node");
  }
  if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit)) {
    throw new CliError("usage", "--limit: expected a whole number from 1");
  }
  const age = stale === true ? DEFAULT_STALE : stale;
  return {
    ...(role !== undefined && { role }),
    ...(age !== undefined && { seenBefore: now - parseSpan(age, "--stale") }),
    limit: limit === undefined ? Number.POSITIVE_INFINITY : Number(limit),
  };
}

/** Whether a device was last seen before `moment`: never seen counts from its approval. */
export function isStale(row: PairedRow, moment: number): boolean {
  return row.connected !== true && (row.lastSeenAtMs ?? row.approvedAtMs ?? 0) < moment;
}

interface Rows {
  readonly shown: { pending: readonly PendingRow[]; paired: readonly PairedRow[] };
  readonly hidden: { pending: number; paired: number };
}

function filterRows(all: DeviceList, { role, seenBefore, limit }: Filter): Rows {
  const inRole = (row: PendingRow | PairedRow) =>
    role === undefined || (row.roles ?? [row.role]).includes(role);
  // Whoever asks for stale devices tidies up; requests are never stale, they expire.
  const pending = seenBefore === undefined ? all.pending.filter(inRole) : [];
  const paired = all.paired.filter(
    (row) => inRole(row) && (seenBefore === undefined || isStale(row, seenBefore)),
  );
  const shownRows = { pending: pending.slice(0, limit), paired: paired.slice(0, limit) };
  return {
    shown: shownRows,
    hidden: {
      pending: pending.length - shownRows.pending.length,
      paired: paired.length - shownRows.paired.length,
    },
  };
}

function printRows({ io }: Context, { shown: rows, hidden }: Rows, gateway: Gateway): void {
  const view = { now: io.now(), columns: io.columns };
  const style = styleOf(io);
  const lines: string[] = [];
  if (rows.pending.length > 0) {
    lines.push(style.heading(`Waiting for approval (${rows.pending.length + hidden.pending})`));
    lines.push(pendingTable(rows.pending, view).concat(more(hidden.pending), "").join("\n"));
    lines.push(`To let one in: ${approveCommand(rows.pending)}`, "");
  }
  if (rows.paired.length > 0) {
    lines.push(style.heading(`Paired (${rows.paired.length + hidden.paired})`));
    lines.push(pairedTable(rows.paired, view).concat(more(hidden.paired), "").join("\n"));
  }
  if (lines.length === 0) {
    lines.push("No device waits for approval and none is listed.");
    lines.push("  next: openclaw devices invite", "");
  }
  if (gateway.how === "stopped") {
    lines.push(`The gateway is not running; this is its state. To start it: ${startCommand()}`, "");
  }
  io.out(lines.join("\n").trimEnd());
}

function more(hidden: number): string[] {
  return hidden > 0 ? [`  … and ${count(hidden, "other")} (see --limit)`] : [];
}
