import { asTyped } from "../lib/command.ts";
import type { ApprovalKind } from "../protocol/approve-line.ts";
import { askWords, cutAsk, type RequestRow } from "../protocol/request-card.ts";

interface Typed {
  readonly kind: ApprovalKind;
  /** What the approving command does, after `to`. */
  readonly does: string;
  /** How the command line is called here. */
  readonly command: string;
  /** Characters of what is asked for. */
  readonly askChars: number;
}

/**
 * What the log says of a request: what it asks for, what of that is new, and what to type. Where not
 * all of it fits nobody is told how to approve what they have not read.
 */
export function askLine(row: RequestRow, { kind, does, command, askChars }: Typed): string {
  const { asks, new: fresh } = askWords(row);
  const { words, whole } = cutAsk(fresh === undefined ? asks : `${asks} (new: ${fresh})`, askChars);
  const typed = (line: string) => asTyped(`openclaw ${line} ${row.requestId}`, command);
  return whole
    ? `${words}; to ${does}: ${typed(`${kind}s approve`)}`
    : `${words}; all of it: ${typed("devices show")}`;
}
