import { type Calls, type Command, commandText, OPENCLAW } from "./command.ts";

/** What stands in a text: words, and commands that the reader may type. */
export type TextPart = string | Command;

/** A text for people. Its commands are data in it: nothing searches its words for them. */
export type Text = TextPart | readonly TextPart[];

/**
 * A text from its words and what stands between them: ``say`One waits; ${openclaw`devices list`}` ``.
 */
export function say(words: TemplateStringsArray, ...between: readonly (Text | number)[]): Text {
  const parts = words.flatMap((word, i) => {
    const given = between[i];
    if (given === undefined) return [word];
    return [word, ...partsOf(typeof given === "number" ? String(given) : given)];
  });
  return merged(parts);
}

/** The parts of a text, in order. */
export function partsOf(text: Text): readonly TextPart[] {
  return typeof text === "string" || "program" in text ? [text] : text;
}

/** Several texts as one, with `between` them. */
export function joined(texts: readonly Text[], between = ""): Text {
  return merged(
    texts.flatMap((text, i) => (i === 0 ? partsOf(text) : [between, ...partsOf(text)])),
  );
}

const ON_GATEWAY = "on the gateway host: ";

/** A command for the gateway's machine, in a text that may be read on another one. */
export function onGateway(command: Command): Text {
  return [ON_GATEWAY, { ...command, at: "gateway" }];
}

/** The command of a text that {@link onGateway} made; `undefined` for one that says more or something else. */
export function commandOnGateway(text: Text): Command | undefined {
  const [where, command, ...more] = partsOf(text);
  const isOne = where === ON_GATEWAY && more.length === 0 && typeof command === "object";
  return isOne ? command : undefined;
}

/** The commands in a text, in order. */
export function commandsIn(text: Text): Command[] {
  return partsOf(text).filter((part) => typeof part !== "string");
}

/** The text as one string, its commands as they are typed. */
export function plainText(text: Text, calls: Calls = {}): string {
  return partsOf(text)
    .map((part) => (typeof part === "string" ? part : commandText(part, calls)))
    .join("");
}

/** The first command in a text as a fact of a log line that has the text in its message. */
export function typedFact(text: Text, calls: Calls = {}): { next?: string } {
  const [first] = commandsIn(text);
  return first === undefined ? {} : { next: commandText(first, calls) };
}

/** Before a text leaves the gateway: its commands for this machine are called as they are here. */
export function asCalledHere(text: Text, gateway: string): readonly TextPart[] {
  return partsOf(text).map((part) => {
    const ours = typeof part !== "string" && part.program === OPENCLAW && part.at === "gateway";
    return ours ? { ...part, program: gateway } : part;
  });
}

/** Text parts with no empty words, and none that follow each other. */
function merged(parts: readonly TextPart[]): Text {
  const all: TextPart[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (part === "") continue;
    if (typeof part === "string" && typeof last === "string") all[all.length - 1] = last + part;
    else all.push(part);
  }
  const [only, ...more] = all;
  return only !== undefined && more.length === 0 ? only : all.length === 0 ? "" : all;
}

/** Parts and characters of a text that comes over the wire. What is longer is no text of ours. */
const MOST_PARTS = 32;
const MOST_WORDS = 64;

/**
 * A text as it came over the wire; `undefined` where it is none. Its words are not cleaned: they are
 * another program's.
 */
export function readText(value: unknown): Text | undefined {
  if (!Array.isArray(value) || value.length > MOST_PARTS) return undefined;
  return value.every((part) => typeof part === "string" || isCommand(part)) ? value : undefined;
}

function isCommand(value: unknown): value is Command {
  if (typeof value !== "object" || value === null) return false;
  const { program, words, at, root, env } = value as { [name in keyof Command]?: unknown };
  return (
    typeof program === "string" &&
    Array.isArray(words) &&
    words.length <= MOST_WORDS &&
    words.every(isWord) &&
    (at === "here" || at === "gateway" || at === "node") &&
    (root === undefined || root === true) &&
    (env === undefined || (isRecord(env) && Object.values(env).every(isString)))
  );
}

function isWord(word: unknown): boolean {
  return isString(word) || (isRecord(word) && isString(word["fill"]));
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
