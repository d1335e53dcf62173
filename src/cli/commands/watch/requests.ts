import { watchLimitTable } from "../../../limits/watch.ts";
import { type RequestRow, requestEventOf } from "../../../words/request-kinds.ts";

/** How a request ended, as the gateway says. `gone`: it ended while there was no connection. */
export type Why =
  | "approved"
  | "rejected"
  | "expired"
  | "superseded"
  | "evicted"
  | "withdrawn"
  | "gone";

/** What happens to requests, in the order in which it does. */
export type News =
  /** All waiting requests: at the start, and when the gateway is back. */
  | { readonly on: "list"; readonly rows: readonly RequestRow[] }
  | { readonly on: "asked"; readonly row: RequestRow }
  | { readonly on: "resolved"; readonly code: string; readonly why: Why }
  | { readonly on: "away" };

/** The waiting rows after a piece of news, and those that came and went by it. */
export interface RequestChanges {
  readonly rows: readonly RequestRow[];
  readonly came: readonly RequestRow[];
  readonly went: readonly { readonly row: RequestRow; readonly why: Why }[];
}

const reasons: ReadonlySet<string> = new Set<Why>([
  "approved",
  "rejected",
  "expired",
  "superseded",
  "evicted",
  "withdrawn",
]);

const most = watchLimitTable.watchRows.value;

/**
 * The requests after `news`. Each stays at its place while others come and go; what is asked for later
 * stands below.
 */
export function follow(rows: readonly RequestRow[], news: News): RequestChanges {
  switch (news.on) {
    case "list":
      return listed(rows, news.rows);
    case "asked": {
      const { row } = news;
      const known = rows.some(({ requestId }) => requestId === row.requestId);
      if (known) return { rows: rows.map((one) => newer(one, row)), came: [], went: [] };
      if (rows.length >= most) return { rows, came: [], went: [] };
      return { rows: [...rows, row], came: [row], went: [] };
    }
    case "resolved": {
      const row = rows.find(({ requestId }) => requestId === news.code);
      if (!row) return { rows, came: [], went: [] };
      const left = rows.filter((one) => one !== row);
      return { rows: left, came: [], went: [{ row, why: news.why }] };
    }
    case "away":
      return { rows, came: [], went: [] };
  }
}

function newer(one: RequestRow, row: RequestRow): RequestRow {
  return one.requestId === row.requestId ? row : one;
}

function listed(before: readonly RequestRow[], now: readonly RequestRow[]): RequestChanges {
  const current = new Map(now.map((row) => [row.requestId, row]));
  const stayed = before.flatMap(({ requestId }) => current.get(requestId) ?? []);
  const known = new Set(before.map(({ requestId }) => requestId));
  const came = [...now]
    .sort((a, b) => a.ts - b.ts)
    .filter(({ requestId }) => !known.has(requestId))
    .slice(0, most - stayed.length);
  const went = before
    .filter(({ requestId }) => !current.has(requestId))
    .map((row) => ({ row, why: "gone" as const }));
  return { rows: [...stayed, ...came], came, went };
}

/** Whether an event says that more came and went than was told: the list has it. */
export function saysMore(event: string, payload: unknown): boolean {
  if (event !== "device.pair.changed") return false;
  return typeof payload === "object" && payload !== null && "more" in payload;
}

/** News from an event of the gateway; `undefined` for one that is about something else. */
export function newsOf(event: string, payload: unknown): News | undefined {
  const facts = (typeof payload === "object" && payload !== null ? payload : {}) as {
    requestId?: unknown;
    decision?: unknown;
    why?: unknown;
  };
  const { requestId, decision, why } = facts;
  const told = requestEventOf(event);
  if (typeof requestId !== "string" || !told) return undefined;
  if (told === "requested") return { on: "asked", row: facts as unknown as RequestRow };
  const named = [why, decision].find((one) => reasons.has(String(one)));
  return { on: "resolved", code: requestId, why: (named as Why | undefined) ?? "gone" };
}

const words: Readonly<Record<Why, string>> = {
  approved: "was approved elsewhere",
  rejected: "was rejected elsewhere",
  expired: "expired",
  superseded: "was replaced: that device asks for something else, or came in by a link",
  evicted: "was pushed out: too many ask",
  withdrawn: "was withdrawn: that node no longer asks for more",
  gone: "is gone: decided or expired meanwhile",
};

/** How a request ended, in words. */
export function whyWords(why: Why): string {
  return words[why];
}
