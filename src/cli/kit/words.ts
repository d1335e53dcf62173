import { cleanText } from "../../lib/text.ts";
import { shown } from "../../words/device.ts";

export {
  accessWords,
  clientKind,
  deviceName,
  quoted,
  quotedName,
  scopesInWords,
  shortId,
  shown,
} from "../../words/device.ts";

/** Lines from elsewhere (a diff, a message), each fit for a terminal. Spaces are kept. */
export function shownLines(text: string): string {
  const words = (line: string) => line.replaceAll("\t", "  ").split(" ");
  return text
    .split("\n")
    .map((line) =>
      words(line)
        .map((word) => cleanText(word, 4096) ?? "")
        .join(" "),
    )
    .join("\n")
    .trimEnd();
}

/** `1 device`, `3 devices`. */
export function count(many: number, noun: string): string {
  return `${many} ${noun}${many === 1 ? "" : "s"}`;
}

/**
 * The command that approves what waits. With several requests it says CODE, so that a person
 * chooses one.
 */
export function approveCommand(pending: readonly { readonly requestId: string }[]): string {
  const [first] = pending;
  const only = pending.length === 1 && first !== undefined;
  return `openclaw devices approve ${only ? shown(first.requestId) : "CODE"}`;
}
