import type { Limits } from "../limits/table.ts";
import { approvalLines, HOST, type SshWay, showLines } from "../protocol/approve-line.ts";
import type { AskWords } from "../words/request-kinds.ts";
import type { Asking } from "./asking.ts";
import { escapeForChat } from "./escape-for-chat.ts";

/** How a request is reached from where a message is read. */
export interface DeliveryForm {
  /** How the gateway's command line is called, as strangers may know it. */
  readonly command: string;
  readonly way: SshWay;
}

type Bounds = Pick<Limits, "notifyAskChars" | "notifyRequestBytes" | "notifyTextBytes">;

/** The commands that go with a request; which of them depends on whether all of it was told. */
export interface ToldLines {
  readonly approveCommand?: string;
  readonly showCommand?: string;
  readonly sshCommand?: string;
}

/** A request as a program is told it. */
export type Told = Omit<Asking, "scopes"> &
  ToldLines & { readonly scopes?: readonly string[]; readonly minutesLeft?: number };

const MINUTE = 60_000;

/**
 * Whole minutes until `expiresAtMs`, rounded down: a code that is about to end is not worth typing.
 */
export function minutesLeft(expiresAtMs: number, now: number): number {
  return Math.max(0, Math.floor((expiresAtMs - now) / MINUTE));
}

/**
 * The lines to type for a request: those that approve it, or those that show it where the message
 * did not have all of it (`whole` is false), because a request must be read before it is approved.
 * Without the line over SSH where that lacks the machine's name: a message has no address bar to
 * take it from.
 */
export function linesOf(
  { kind, requestId }: Pick<Asking, "kind" | "requestId">,
  { command, way }: DeliveryForm,
  whole: boolean,
): ToldLines {
  const facts = { kind, requestId, command, way };
  const { sshCommand, ...lines } = whole ? approvalLines(facts) : showLines(facts);
  if (sshCommand === undefined || sshCommand.includes(HOST)) return lines;
  return { ...lines, sshCommand };
}

/** What is asked for, each part cut to `max` characters by `cut`. */
function cutWords(
  { asks, has, new: fresh, ends }: AskWords,
  cut: (words: string) => string,
): AskWords {
  return {
    asks: cut(asks),
    ...(has !== undefined && { has: cut(has) }),
    ...(fresh !== undefined && { new: cut(fresh) }),
    ...(ends !== undefined && { ends: cut(ends) }),
  };
}

/** The words as they may stand in a chat; `brief` cuts those that are long. */
export function escapedWords(
  words: AskWords,
  { notifyTextBytes, notifyAskChars }: Bounds,
  brief: boolean,
): { words: AskWords; whole: boolean } {
  const all = cutWords(words, (text) => escapeForChat(text, notifyTextBytes));
  const whole = !brief || Object.values(all).every((text) => [...text].length <= notifyAskChars);
  return {
    words: whole ? all : cutWords(words, (text) => escapeForChat(text, notifyAskChars)),
    whole,
  };
}

/** Every fact of a request, or the short form of one that is too long. */
export function toldFacts(
  asking: Asking,
  way: DeliveryForm,
  facts: { now: number; limits: Bounds },
): Told {
  const { expiresAtMs } = asking;
  const { notifyRequestBytes, notifyAskChars } = facts.limits;
  const left =
    expiresAtMs === undefined ? {} : { minutesLeft: minutesLeft(expiresAtMs, facts.now) };
  const all = { ...asking, ...left, ...linesOf(asking, way, true) };
  if (Buffer.byteLength(JSON.stringify(all)) <= notifyRequestBytes) return all;
  const { scopes: _, commands: _1, caps: _2, permissions: _3, ...short } = asking;
  const cut = (text: string) =>
    [...text].length <= notifyAskChars
      ? text
      : `${[...text].slice(0, notifyAskChars - 1).join("")}…`;
  return { ...short, ...cutWords(asking, cut), ...left, ...linesOf(asking, way, false) };
}
