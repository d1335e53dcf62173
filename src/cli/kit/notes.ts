import { readText, say, type Text } from "../../protocol/text.ts";
import { shownLines, shownText } from "./words.ts";

/** What a gateway reports of what people should know: each as one text, and since it has codes with them. */
interface Reported {
  readonly warnings: readonly string[];
  readonly notes?: readonly {
    readonly code: string;
    readonly message: string;
    readonly next?: unknown;
  }[];
}

/** Something that people should know about a gateway that works. */
export interface ReportedNote {
  /** Absent where an older gateway runs, whose message says what helps as well. */
  readonly code?: string;
  readonly message: string;
  /** What helps, where anything does. */
  readonly next?: Text | undefined;
}

/** The notes of `host.info` or `status`. Their words are not cleaned. */
export function notesOf({ warnings, notes }: Reported): ReportedNote[] {
  if (!notes) return warnings.map((message) => ({ message }));
  return notes.map(({ code, message, next }) => ({ code, message, next: readText(next) }));
}

/** A note for people, with what helps on a line of its own. */
export function noteLines({ message, next }: ReportedNote): Text[] {
  const said = `warning: ${shownLines(message)}`;
  return next === undefined ? [said] : [said, say`  next: ${shownText(next)}`];
}
