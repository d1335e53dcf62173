import { openclaw } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { parseSpan } from "../../kit/age.ts";
import type { Context } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { styleOf } from "../../kit/style.ts";
import { approveCommand, count } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import { pairingNeeds } from "../../reach/needs.ts";
import { keyUseLines } from "../nodes/several.ts";
import { printJsonPages } from "./json-pages.ts";
import { nextCommand } from "./next-page.ts";
import { devicePages, type ListedPage, type ListQuery } from "./pages.ts";
import type { PairedRow } from "./rows.ts";
import { pairedPages, pendingTable } from "./tables.ts";

export interface ListOptions {
  readonly stale?: string | true;
  readonly role?: string;
  readonly query?: string;
  readonly limit?: string;
  readonly all?: boolean;
  readonly cursor?: string;
}

const DEFAULT_STALE = "30d";
/** Rows shown on a terminal; a pipe or file gets all. */
const SCREENFUL = 50;

/** `openclaw devices list` */
export const list: Run<ListOptions> = async (context, _args, options) => {
  const ask = readAsk(options, context);
  await withGateway(context, pairingNeeds, async (gateway) => {
    const pages = devicePages(gateway, ask);
    if (context.options.json) return printJsonPages(context, pages, ask.limit);
    await printPages(context, pages, { ask, options });
  });
};

function readAsk(options: ListOptions, { io, options: global }: Context): ListQuery {
  const { stale, role, query, cursor, limit } = options;
  if (role !== undefined && role !== "operator" && role !== "node") {
    throw new CliError("usage", "--role: expected operator or node");
  }
  if (limit !== undefined && !/^\d{1,9}$/.test(limit)) {
    throw new CliError("usage", "--limit: expected a whole number; 0 lists all");
  }
  if (query !== undefined && (query.trim() === "" || query.length > 256)) {
    throw new CliError("usage", "--query: expected a text of up to 256 characters");
  }
  const age = stale === true ? DEFAULT_STALE : stale;
  const screenful = io.showsPerson && !global.json ? SCREENFUL : 0;
  const most = options.all ? 0 : Number(limit ?? screenful);
  return {
    query,
    role,
    cursor,
    seenBefore: age === undefined ? undefined : io.now() - parseSpan(age, "--stale"),
    ...(most > 0 && { limit: most }),
  };
}

interface Asked {
  readonly ask: ListQuery;
  readonly options: ListOptions;
}

async function printPages(
  context: Context,
  pages: AsyncIterable<ListedPage>,
  asked: Asked,
): Promise<void> {
  const { io } = context;
  const lines = pairedPages({ now: io.now(), columns: io.columns });
  const shared: PairedRow[] = [];
  let rows = 0;
  let last: ListedPage | undefined;
  for await (const page of pages) {
    if (!last) printPending(context, page, asked.ask.limit);
    if (!last && page.paired.length > 0) {
      if (page.pending.length > 0) io.out("");
      io.out(styleOf(io).heading(`Paired (${page.total})`));
    }
    if (page.paired.length > 0) io.out(lines(page.paired).join("\n"));
    shared.push(...page.paired.filter(({ keyUsedBy }) => keyUsedBy !== undefined));
    rows += page.paired.length;
    last = page;
  }
  if (last) printEnd(context, last, { ...asked, rows });
  for (const line of keyUseLines(shared)) io.out(line);
}

function printPending({ io }: Context, { pending }: ListedPage, limit = pending.length): void {
  if (pending.length === 0) return;
  const rows = pending.slice(0, limit);
  io.out(styleOf(io).heading(`Waiting for approval (${pending.length})`));
  io.out(pendingTable(rows, { now: io.now(), columns: io.columns }).join("\n"));
  if (rows.length < pending.length) io.out(others(pending.length - rows.length));
  io.out("");
  io.out(say`To approve one: ${approveCommand(pending)}`);
}

function printEnd({ io }: Context, last: ListedPage, asked: Asked & { rows: number }): void {
  const { rows, ask, options } = asked;
  if (rows === 0 && last.pending.length === 0) {
    io.out("No device waits for approval and none is listed.");
    io.out(say`  next: ${openclaw`devices invite`}`);
  }
  const more = last.nextCursor !== undefined || (!ask.cursor && last.total > rows);
  if (more && rows > 0) {
    // What stands before a later page is not told from what stands behind it.
    io.out(ask.cursor ? "  … and others" : others(last.total - rows));
    io.out(say`  next: ${nextCommand(options, last.nextCursor)}`);
  }
}

function others(hidden: number): string {
  return `  … and ${count(hidden, "other")}`;
}
