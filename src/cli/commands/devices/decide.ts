import type { ApprovalKind } from "../../../protocol/approve-line.ts";
import { wholeCode } from "../../../words/code.ts";
import type { DeviceWords } from "../../../words/device.ts";
import { kinds } from "../../../words/request-kinds.ts";
import { type Context, printJson } from "../../kit/context.ts";
import { shown } from "../../kit/words.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import { chooseRow } from "./choose.ts";
import { durabilityNote } from "./durability.ts";
import { CODE_FORM, type Match } from "./match.ts";
import { requestCard, requestRow } from "./show.ts";
import type { TableView } from "./tables.ts";

/** What was typed to name a request of one kind, and what it fits. */
export interface TypedRequest<Row> {
  readonly kind: ApprovalKind;
  readonly words: readonly string[];
  /** The verb of the question: `Approve`. */
  readonly verb: string;
  readonly match: Match<Row>;
  readonly table: (rows: readonly Row[], view: TableView) => readonly string[];
}

const noun: Readonly<Record<ApprovalKind, string>> = {
  device: "request",
  node: "request of a node",
};

/**
 * The code of the request that is meant. A whole code that fits nothing is returned: the
 * gateway knows what became of it, replaced by another one or never heard of.
 * @throws CliError where nothing fits, several do, or a person says no
 */
export async function chooseCode<Row extends DeviceWords & { readonly requestId: string }>(
  context: Context,
  gateway: ReachedGateway,
  { kind, words, verb, match, table }: TypedRequest<Row>,
): Promise<string> {
  const typed = words.join(" ");
  const code = wholeCode(typed);
  if (match.kind === "none" && code !== undefined) return code;
  const { io } = context;
  const row = await chooseRow<Row>(context, match, {
    typed: shown(typed),
    verb,
    exactWord: "code",
    exactName: ({ requestId }) => shown(requestId),
    show: (rows) => table(rows, { now: io.now(), columns: io.columns }),
    showOne: async ({ requestId }) => requestCard(context, await requestRow(gateway, requestId)),
    nothing: `no ${noun[kind]} fits ${shown(typed)}; ${CODE_FORM}`,
    list: kinds[kind].list,
  });
  return row.requestId;
}

const afterRejection: Readonly<Record<ApprovalKind, string>> = {
  device: "The device may ask again.",
  node: "What was approved before stays so.",
};

/** Rejects the request with this code and says so. @throws CliError where the gateway refuses */
export async function rejectRequest(
  context: Context,
  gateway: ReachedGateway,
  { kind, requestId }: { readonly kind: ApprovalKind; readonly requestId: string },
): Promise<void> {
  const rejected = await gateway.request(`${kind}.pair.reject`, { requestId });
  if (context.options.json) return printJson(context, rejected);
  context.io.out(`Rejected ${shown(rejected.requestId)}. ${afterRejection[kind]}`);
  durabilityNote(context, rejected);
}
