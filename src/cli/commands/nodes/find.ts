import { openclaw } from "../../../protocol/command.ts";
import type { Context } from "../../kit/context.ts";
import { CliError } from "../../kit/exit.ts";
import { shortId, shown } from "../../kit/words.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import { chooseRow } from "../devices/choose.ts";
import { matchPaired } from "../devices/match.ts";
import { type NodeRow, nodeRows } from "./rows.ts";
import { nodeTable } from "./tables.ts";

const LIST = openclaw`nodes list`;

export interface NodeAsk {
  readonly typed: string;
  /** The verb of the question, should one be needed. */
  readonly verb: string;
  /** A name that only one node has will do: nothing is lost by a wrong guess. */
  readonly byName?: boolean;
}

/**
 * The node that is meant: by its id, by an unambiguous start of it, or by its name.
 * @throws CliError (usage) for an empty word, and where no node is chosen
 */
export async function findNode(
  context: Context,
  gateway: ReachedGateway,
  { typed, verb, byName = false }: NodeAsk,
): Promise<NodeRow> {
  if (typed.trim() === "") {
    const message = "say which node: give its id or name";
    throw new CliError("usage", message, { next: LIST });
  }
  const rows = nodeRows(await gateway.request("node.list"));
  const match = matchPaired(typed, rows);
  const [only] = match.kind === "likely" ? match.rows : [];
  if (byName && only && match.kind === "likely" && match.rows.length === 1) return only;
  const { io } = context;
  return chooseRow<NodeRow>(context, match, {
    typed: shown(typed),
    verb,
    exactWord: "id",
    exactName: ({ nodeId }) => shortId(nodeId),
    show: (found) => [
      ...nodeTable(found, { now: io.now(), columns: io.columns }),
      ...(found.length > 1 ? found.map(({ nodeId }) => `  ${shown(nodeId)}`) : []),
    ],
    nothing: `no node fits ${shown(typed)}`,
    list: LIST,
  });
}
