import { cleanText } from "../../lib/text.ts";
import { CODE, type Command, openclaw } from "../../protocol/command.ts";
import { partsOf, type Text } from "../../protocol/text.ts";
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
  return cleanLines(text).trimEnd();
}

function cleanLines(text: string): string {
  const words = (line: string) => line.replaceAll("\t", "  ").split(" ");
  return text
    .split("\n")
    .map((line) =>
      words(line)
        .map((word) => cleanText(word, 4096) ?? "")
        .join(" "),
    )
    .join("\n");
}

/** A text from elsewhere, its words and its commands fit for a terminal. */
export function shownText(text: Text): Text {
  return partsOf(text).map((part) =>
    typeof part === "string" ? cleanLines(part) : shownCommand(part),
  );
}

function shownCommand(command: Command): Command {
  const clean = (word: string) => cleanText(word, 4096) ?? "";
  const { program, words, env } = command;
  return {
    ...command,
    program: clean(program),
    words: words.map((word) =>
      typeof word === "string" ? clean(word) : { fill: clean(word.fill) },
    ),
    ...(env && {
      env: Object.fromEntries(
        Object.entries(env).map(([name, value]) => [clean(name), clean(value)]),
      ),
    }),
  };
}

/** `1 device`, `3 devices`. */
export function count(many: number, noun: string): string {
  return `${many} ${noun}${many === 1 ? "" : "s"}`;
}

/**
 * The command that approves what waits. With several requests it says CODE, so that a person
 * chooses one.
 */
export function approveCommand(pending: readonly { readonly requestId: string }[]): Command {
  const [first] = pending;
  const only = pending.length === 1 && first !== undefined;
  return openclaw`devices approve ${only ? shown(first.requestId) : CODE}`;
}
