import type { Role } from "../../../protocol/access.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import type { DevicePairList, PairedRow, PendingRow } from "./rows.ts";

/** What a command wants to see of the list. */
export interface ListQuery {
  /** Paired devices at most; all of them without. */
  readonly limit?: number;
  readonly cursor?: string | undefined;
  readonly query?: string | undefined;
  readonly role?: Role | undefined;
  /** Only paired devices last seen before this moment. */
  readonly seenBefore?: number | undefined;
}

/** One page. `total` counts the paired devices of the whole list. */
export interface ListedPage extends DevicePairList {
  readonly total: number;
}

/** Rows of one request: the most that the gateway takes. */
const MOST = 1000;

/** The list page by page, so that the whole is never in memory. */
export async function* devicePages(
  gateway: ReachedGateway,
  ask: ListQuery,
): AsyncGenerator<ListedPage> {
  let { cursor, limit: left = Number.POSITIVE_INFINITY } = ask;
  do {
    const limit = Math.min(left, MOST);
    const answer = await gateway.request("device.pair.list", {
      limit,
      ...(cursor !== undefined && { cursor }),
      ...(ask.query !== undefined && { query: ask.query }),
      ...(ask.role !== undefined && { role: ask.role }),
      ...(ask.seenBefore !== undefined && { staleBeforeMs: ask.seenBefore }),
    });
    const page = narrowed(answer, ask);
    yield { ...page, paired: page.paired.slice(0, left) };
    left -= page.paired.length;
    cursor = page.nextCursor;
  } while (cursor !== undefined && left > 0);
}

/** The requests that wait. */
export async function pendingRows(gateway: ReachedGateway): Promise<readonly PendingRow[]> {
  return (await gateway.request("device.pair.list", { limit: 1 })).pending;
}

/**
 * Whether a device was last seen before `moment`: never seen counts from its approval. The gateway
 * looks at this too, but one that runs since before an upgrade would answer with all devices; and
 * what follows may be their removal.
 */
function isStale(row: PairedRow, moment: number): boolean {
  return row.connected !== true && (row.lastSeenAtMs ?? row.approvedAtMs ?? 0) < moment;
}

function narrowed(answer: DevicePairList, { role, seenBefore }: ListQuery): ListedPage {
  const inRole = (row: PendingRow | PairedRow) =>
    role === undefined || (row.roles ?? [row.role]).includes(role);
  const paired = answer.paired.filter(
    (row) => inRole(row) && (seenBefore === undefined || isStale(row, seenBefore)),
  );
  // Stale devices are asked for to be removed; requests are never stale, they expire.
  const pending = seenBefore === undefined ? answer.pending.filter(inRole) : [];
  return { ...answer, pending, paired, total: answer.total ?? paired.length };
}
