import { type Context, jsonText } from "../../kit/context.ts";
import type { ListedPage } from "./pages.ts";

/** Pages as the one JSON object that the whole list is, printed as they come. */
export async function printJsonPages(
  { io }: Context,
  pages: AsyncIterable<ListedPage>,
  limit = Number.POSITIVE_INFINITY,
): Promise<void> {
  let last: ListedPage | undefined;
  let held: string | undefined;
  for await (const page of pages) {
    if (!last) {
      const pending = jsonText(page.pending.slice(0, limit), 2);
      io.data(`{\n  "pending": ${pending},\n  "paired": [`);
    }
    last = page;
    if (page.paired.length === 0) continue;
    if (held !== undefined) io.data(`${held},`);
    held = page.paired.map((row) => `    ${jsonText(row, 4)}`).join(",\n");
  }
  if (held !== undefined) io.data(held);
  io.data(`  ]${last ? continuation(last) : ""}\n}`);
}

/** The members that say where the list goes on. */
function continuation({ nextCursor, total }: ListedPage): string {
  if (nextCursor === undefined) return "";
  return `,\n  "total": ${total},\n  "nextCursor": ${jsonText(nextCursor)}`;
}
