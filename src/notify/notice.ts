import { normalizeAddress } from "../lib/net.ts";
import type { Limits } from "../limits/table.ts";
import { openclaw } from "../protocol/command.ts";
import { plainText, say } from "../protocol/text.ts";
import { kinds } from "../words/request-kinds.ts";
import type { Asking, Batch } from "./asking.ts";
import { escapeForChat } from "./escape-for-chat.ts";
import {
  type DeliveryForm,
  escapedWords,
  linesOf,
  minutesLeft,
  type Told,
  toldFacts,
} from "./told.ts";

/** What a message says of the gateway that sends it. */
export interface Sender extends DeliveryForm {
  readonly name?: string | undefined;
  readonly fingerprint: string;
}

/** One message, before it takes the shape that its receiver reads. */
export interface Notice {
  readonly event: "approval.requested" | "test";
  /** ASCII, and nothing of it comes from a client: it travels in headers too. */
  readonly title: string;
  readonly body: string;
  readonly sender: Sender;
  readonly requests: readonly Told[];
  readonly more: number;
  readonly sentAtMs: number;
}

type Bounds = Pick<
  Limits,
  | "notifyTextBytes"
  | "notifyAskChars"
  | "notifyNameChars"
  | "notifyClientChars"
  | "notifyRequestBytes"
>;

interface Facts {
  readonly sender: Sender;
  /** Wall clock. */
  readonly now: number;
  readonly limits: Bounds;
}

/**
 * The message about `batch`. Where its text would be too long, what is asked for is cut first, then
 * fewer requests are shown.
 */
export function composeNotice({ shown, more }: Batch, facts: Facts): Notice {
  let requests = shown.map((waiting) => waiting.tell());
  const asked = requests.length + more;
  const isTooLong = (text: string) => Buffer.byteLength(text) > facts.limits.notifyTextBytes;
  const body = (brief: boolean) =>
    bodyOf(requests, { ...facts, more: asked - requests.length, brief });
  let text = body(false);
  if (isTooLong(text)) text = body(true);
  while (requests.length > 1 && isTooLong(text)) {
    requests = requests.slice(1);
    text = body(true);
  }
  const { sender, now } = facts;
  return {
    event: "approval.requested",
    title: titleOf(requests, asked),
    body: text,
    sender,
    requests: requests.map((asking) => toldFacts(asking, sender, facts)),
    more: asked - requests.length,
    sentAtMs: now,
  };
}

/** What `openclaw notify test` sends. */
export function testNotice({ sender, now, limits }: Facts): Notice {
  const body = [
    "This is a test: nobody asks for anything.",
    "Requests for approval will arrive here.",
    senderLine(sender, limits),
  ].join("\n");
  const title = "Test of the gateway's webhook";
  return { event: "test", title, body, sender, requests: [], more: 0, sentAtMs: now };
}

function titleOf([only]: readonly Asking[], asked: number): string {
  if (asked > 1 || !only) return `${asked} requests wait for approval`;
  return kinds[only.kind].title(only);
}

interface BodyFacts extends Facts {
  readonly more: number;
  /** What is asked for is cut where it is long. */
  readonly brief: boolean;
}

function bodyOf(requests: readonly Asking[], facts: BodyFacts): string {
  const { sender, more, limits } = facts;
  const parts = requests.map((asking) => requestLines(asking, facts).join("\n"));
  if (more > 0) {
    const rest = say`and ${more} more: ${openclaw`devices list`}`;
    parts.push(plainText(rest, { here: sender.command }));
  }
  return [...parts, senderLine(sender, limits)].join("\n\n");
}

function requestLines(asking: Asking, { sender, now, limits, brief }: BodyFacts): string[] {
  const { notifyNameChars, notifyClientChars } = limits;
  const { requestId, expiresAtMs, address } = asking;
  const from = address === undefined ? "" : ` from ${addressWords(address, notifyNameChars)}`;
  const left = expiresAtMs === undefined ? [] : [`${minutesLeft(expiresAtMs, now)} min left`];
  const { words, whole } = escapedWords(asking, limits, brief);
  const { has, new: fresh, ends } = words;
  const lines = linesOf(asking, sender, whole);
  return [
    `“${escapeForChat(asking.name, notifyNameChars)}” (${escapeForChat(asking.client, notifyClientChars)})${from}`,
    `${kinds[asking.kind].asks(asking)} ${words.asks}`,
    ...(has === undefined ? [] : [`has now: ${has}`]),
    ...(fresh === undefined ? [] : [`new: ${fresh}`]),
    ...(ends === undefined ? [] : [`ends: ${ends}`]),
    [`code ${requestId}`, `key ${asking.key}`, ...left].join(", "),
    ...[lines.approveCommand, lines.showCommand, lines.sshCommand].flatMap((line) => line ?? []),
  ];
}

/**
 * The address unchanged, so that it can be copied; a text from a proxy that is no address is
 * escaped as a stranger's.
 */
function addressWords(address: string, max: number): string {
  return normalizeAddress(address) === undefined ? escapeForChat(address, max) : address;
}

function senderLine({ name, fingerprint }: Sender, { notifyNameChars }: Bounds): string {
  const named = name === undefined ? "Gateway" : `Gateway ${escapeForChat(name, notifyNameChars)},`;
  return `${named} fingerprint ${fingerprint}`;
}
