import { openclaw } from "../../../protocol/command.ts";
import { NODES } from "../../../protocol/scopes.ts";
import { say } from "../../../protocol/text.ts";
import { wholeCode } from "../../../words/code.ts";
import { cardLines } from "../../../words/request-card.ts";
import { canLeaveOut, type RequestRow } from "../../../words/request-kinds.ts";
import { scopeInWords } from "../../../words/scopes.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { shown } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import { pairingNeeds } from "../../reach/needs.ts";
import { capabilityRows } from "../nodes/rows.ts";
import { CODE_FORM, matchPending } from "./match.ts";
import { pendingRows } from "./pages.ts";

/**
 * `openclaw devices show <code>`: who asks, as the page and the answer over SSH show it.
 * @throws CliError (usage) without a code
 */
export const show: Run<unknown> = async (context, words) => {
  if (words.length === 0) {
    const message = "say which: give the code that the device shows";
    throw new CliError("usage", message, { next: openclaw`devices list` });
  }
  await withGateway(context, pairingNeeds, async (gateway) => {
    const row = await requestRow(gateway, await findCode(gateway, words));
    if (context.options.json) return printJson(context, row);
    const { io } = context;
    for (const line of requestCard(context, row)) io.out(line);
    const code = shown(row.requestId);
    io.out("");
    io.out(say`To approve it: ${openclaw`devices approve ${code}`}`);
    if (canLeaveOut(row)) {
      io.out(`To approve it without the right to ${scopeInWords(NODES)}:`);
      io.out(say`  ${openclaw`devices approve ${code} --without nodes`}`);
    }
    io.out(say`To reject it: ${openclaw`devices reject ${code}`}`);
  });
};

/**
 * The code that is meant, of a device or a node. Looking changes nothing, so a name that fits will
 * do.
 */
async function findCode(gateway: ReachedGateway, words: readonly string[]): Promise<string> {
  const typed = words.join(" ");
  const code = wholeCode(typed);
  if (code !== undefined) return code;
  const rows = [...(await pendingRows(gateway)), ...(await capabilityRows(gateway))];
  const match = matchPending(words, rows);
  const found = match.kind === "exact" ? [match.row] : match.kind === "likely" ? match.rows : [];
  const [row] = found;
  if (row && found.length === 1) return row.requestId;
  const codes = found.map(({ requestId }) => shown(requestId)).join(", ");
  const what = shown(typed);
  throw row
    ? new CliError("failed", `${what} fits several: ${codes}`, { next: "repeat it with a code" })
    : new CliError("notFound", `no request fits ${what}; ${CODE_FORM}`, {
        next: openclaw`devices list`,
      });
}

/** All about one request, with the gateway's own key. */
export function requestRow(gateway: ReachedGateway, requestId: string): Promise<RequestRow> {
  return gateway.request("device.pair.show", { requestId });
}

/** The request as lines for this terminal. */
export function requestCard({ io }: Context, row: RequestRow): string[] {
  return cardLines(row, { now: io.now(), width: io.columns });
}
