import { covers } from "../../../protocol/scopes.ts";
import { NOTHING } from "../../../words/capabilities.ts";
import { addressWords } from "../../../words/device.ts";
import { keyWords } from "../../../words/key.ts";
import { askWords } from "../../../words/request-kinds.ts";
import { agoWords, spanWords } from "../../kit/age.ts";
import { type Cell, type Column, growingTable, table } from "../../kit/table.ts";
import {
  accessWords,
  clientKind,
  deviceName,
  quoted,
  scopesInWords,
  shortId,
  shown,
} from "../../kit/words.ts";
import { severalLines } from "../nodes/several.ts";
import type { PairedRow, PendingRow } from "./rows.ts";

/** When and how wide a table is made. */
export interface TableView {
  readonly now: number;
  readonly columns: number;
}

const pendingColumns: readonly Column[] = [
  { title: "CODE", fixed: true },
  { title: "DEVICE", share: 3 },
  { title: "ASKS FOR", share: 3 },
  { title: "FROM", share: 2 },
  { title: "KEY", below: true },
];

const pairedColumns: readonly Column[] = [
  { title: "ID", fixed: true },
  { title: "DEVICE", share: 3 },
  { title: "MAY", share: 3 },
  { title: "SEEN", share: 2 },
];

/** Requests that wait, as lines. */
export function pendingTable(rows: readonly PendingRow[], view: TableView): string[] {
  const cells = rows.map((row) => pendingCells(row, view.now));
  return table({ columns: pendingColumns, rows: cells, width: view.columns });
}

/** Paired devices, as lines. */
export function pairedTable(rows: readonly PairedRow[], view: TableView): string[] {
  const cells = rows.map((row) => pairedCells(row, view.now));
  return table({ columns: pairedColumns, rows: cells, width: view.columns });
}

/** Paired devices that come in pages; the first one sets the widths. */
export function pairedPages(view: TableView): (rows: readonly PairedRow[]) => string[] {
  let lines: ReturnType<typeof growingTable> | undefined;
  return (rows) => {
    const cells = rows.map((row) => pairedCells(row, view.now));
    lines ??= growingTable({ columns: pairedColumns, rows: cells, width: view.columns });
    return lines(cells);
  };
}

function pendingCells(row: PendingRow, now: number): Cell[] {
  const again = row.isRepair ? [`(paired already; new: ${askWords(row).new ?? NOTHING})`] : [];
  return [
    [shown(row.requestId)],
    [deviceName(row), clientKind(row), ...origin(row)],
    [accessWords(row), ...again],
    [addressWords(row.remoteIp), agoWords(row.ts, now), ...expiry(row, now)],
    [keyWords(row.deviceId)],
  ];
}

function origin({ browserOrigin }: PendingRow): string[] {
  return browserOrigin === undefined ? [] : [`at ${shown(browserOrigin, 80)}`];
}

function expiry({ expiresAtMs }: PendingRow, now: number): string[] {
  const left = expiresAtMs === undefined ? Number.POSITIVE_INFINITY : expiresAtMs - now;
  return left < 5 * 60_000 ? [`expires in ${spanWords(Math.max(0, left))}`] : [];
}

function pairedCells(row: PairedRow, now: number): Cell[] {
  return [
    [shortId(row.deviceId)],
    [deviceName(row), ownWords(row), clientKind(row)].filter((line) => line !== ""),
    [heldWords(row), ...narrowedLines(row), ...revokedLines(row)],
    [seenWords(row, now), ...severalLines(row)],
  ];
}

/** What the device calls itself, where the owner calls it something else. */
function ownWords(row: PairedRow): string {
  const { operatorLabel: _, ...unlabelled } = row;
  const own = deviceName(unlabelled);
  return row.operatorLabel !== undefined && own !== deviceName(row) ? quoted(own) : "";
}

/** The rights that a device had before its token was rotated to fewer, as lines. */
function narrowedLines(row: PairedRow): string[] {
  const { scopes = [] } = row;
  const held = heldScopes(row);
  const taken = scopes.filter((scope) => !covers(held, scope));
  return taken.length > 0 ? [`(narrowed; taken: ${scopesInWords(taken)})`] : [];
}

function revokedLines({ tokens = [] }: PairedRow): string[] {
  const revoked = tokens.filter(({ revokedAtMs }) => revokedAtMs !== undefined);
  return revoked.map(({ role }) => `(revoked as ${shown(role)})`);
}

function seenWords(row: PairedRow, now: number): string {
  if (row.connected) return "connected";
  if (row.lastSeenAtMs !== undefined) return agoWords(row.lastSeenAtMs, now);
  return "never connected";
}

/**
 * The operator scopes that a device has now. A row's own are those that were approved: `rotate --scope`
 * leaves a token fewer. Of one that was revoked they are what it had.
 */
export function heldScopes({ scopes = [], tokens = [] }: PairedRow): readonly string[] {
  const live = tokens.find(
    ({ role, revokedAtMs }) => role === "operator" && revokedAtMs === undefined,
  );
  return live?.scopes ?? scopes;
}

/** What a paired device may do, in words. */
export function heldWords(row: PairedRow): string {
  return accessWords({ ...row, scopes: heldScopes(row) });
}
