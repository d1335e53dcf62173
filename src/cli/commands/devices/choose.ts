import { openclaw } from "../../../protocol/command.ts";
import type { Text } from "../../../protocol/text.ts";
import { confirm } from "../../kit/confirm.ts";
import type { Context } from "../../kit/context.ts";
import { CliError } from "../../kit/exit.ts";
import type { Match } from "./match.ts";

/** How rows of one kind are shown and named when a person must choose. */
export interface Choice<Row> {
  /** What was typed, cleaned, for messages. */
  readonly typed: string;
  /** The verb of the question: `Approve`. */
  readonly verb: string;
  /** What names a row beyond doubt: its code or id. */
  readonly exactName: (row: Row) => string;
  readonly exactWord: string;
  readonly show: (rows: readonly Row[]) => readonly string[];
  /** All about the one that a person is asked about; {@link show} by default. */
  readonly showOne?: (row: Row) => Promise<readonly string[]>;
  /** What to say when nothing fits. */
  readonly nothing: string;
  /** The command that lists what there is; that of devices by default. */
  readonly list?: Text;
}

/**
 * The one row that is meant. An exact one at once; anything less is shown and asked about, and that
 * takes a person at a terminal: names and starts of codes can be made to look alike.
 * @throws CliError (notFound) where none fits, (failed) where no person can be asked or the answer
 * is no
 */
export async function chooseRow<Row>(
  context: Context,
  match: Match<Row>,
  choice: Choice<Row>,
): Promise<Row> {
  const { io } = context;
  if (match.kind === "exact") return match.row;
  if (match.kind === "none") {
    const { nothing, list = openclaw`devices list` } = choice;
    throw new CliError("notFound", nothing, { next: list });
  }
  const [row] = match.rows;
  const found = choice.show(match.rows);
  if (row === undefined || match.rows.length > 1 || !io.asksPerson) {
    for (const line of found) io.err(line);
    const only = match.rows.length === 1 ? row : undefined;
    const many = only === undefined ? `${choice.typed} fits several` : "that is no exact match";
    const exact = only === undefined ? "one of the above" : choice.exactName(only);
    throw new CliError("failed", `${many}; give the ${choice.exactWord}`, {
      next: `repeat the command with ${exact}`,
    });
  }
  for (const line of choice.showOne ? await choice.showOne(row) : found) io.out(line);
  await confirm(context, { question: `${choice.verb} ${choice.exactName(row)}?` });
  return row;
}
