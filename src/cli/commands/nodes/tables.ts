import { askWords } from "../../../words/request-kinds.ts";
import { agoWords } from "../../kit/age.ts";
import { type Cell, type Column, table } from "../../kit/table.ts";
import { clientKind, deviceName, shortId, shown } from "../../kit/words.ts";
import type { TableView } from "../devices/tables.ts";
import { type CapabilityRow, commandWords, isWaiting, type NodeRow, statWords } from "./rows.ts";
import { severalLines } from "./several.ts";

const nodeColumns: readonly Column[] = [
  { title: "ID", fixed: true },
  { title: "NODE", share: 3 },
  { title: "ANSWERS", share: 3 },
  { title: "SEEN", share: 2 },
];

const statusColumns: readonly Column[] = [
  { title: "ID", fixed: true },
  { title: "NODE", share: 3 },
  { title: "MACHINE", share: 4 },
  { title: "SEEN", share: 2 },
];

const pendingColumns: readonly Column[] = [
  { title: "CODE", fixed: true },
  { title: "NODE", share: 3 },
  { title: "OFFERS", share: 3 },
  { title: "ASKED", share: 2 },
];

export function nodeTable(rows: readonly NodeRow[], view: TableView): string[] {
  const cells = rows.map((row): Cell[] => [
    [shortId(row.nodeId)],
    [deviceName(row), clientKind(row)],
    [commandWords(row.commands), ...waiting(row)],
    [seenWords(row, view.now), ...severalLines(row)],
  ]);
  return table({ columns: nodeColumns, rows: cells, width: view.columns });
}

export function statusTable(rows: readonly NodeRow[], view: TableView): string[] {
  const cells = rows.map((row): Cell[] => [
    [shortId(row.nodeId)],
    [deviceName(row), clientKind(row)],
    statWords(row.hostStats, view.now),
    [seenWords(row, view.now), ...severalLines(row)],
  ]);
  return table({ columns: statusColumns, rows: cells, width: view.columns });
}

export function capabilityTable(rows: readonly CapabilityRow[], view: TableView): string[] {
  const cells = rows.map((row): Cell[] => [
    [shown(row.requestId)],
    [deviceName(row), clientKind(row), shortId(row.nodeId)],
    capabilitiesCell(row),
    [agoWords(row.ts, view.now)],
  ]);
  return table({ columns: pendingColumns, rows: cells, width: view.columns });
}

/** All declared capabilities, and which of them are new, where some were approved before. */
function capabilitiesCell(row: CapabilityRow): string[] {
  const { asks, new: fresh } = askWords(row);
  return fresh === undefined ? [asks] : [asks, `(new: ${fresh})`];
}

/** Who may not approve is told that something waits, and not its code. */
function waiting(row: NodeRow): string[] {
  const { pendingRequestId } = row;
  if (pendingRequestId !== undefined) return [`(${shown(pendingRequestId)} waits)`];
  return isWaiting(row) ? ["(more waits)"] : [];
}

export function seenWords(row: NodeRow, now: number): string {
  if (row.connected) return "connected";
  const seen = row.lastSeenAtMs ?? row.connectedAtMs;
  return seen === undefined ? "not connected" : agoWords(seen, now);
}
