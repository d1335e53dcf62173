import { normalizeAddress } from "../lib/net.ts";
import { approvalLines, HOST, type SshWay } from "../protocol/approve-line.ts";
import type { Asking, Batch } from "./asking.ts";
import { harmless } from "./harmless.ts";

/** What a message says of the gateway that sends it. */
export interface Sender {
  readonly name?: string | undefined;
  readonly fingerprint: string;
  /** How its command line is called, as strangers may know it. */
  readonly command: string;
  readonly way: SshWay;
}

/** One message, before it takes the shape that its receiver reads. */
export interface Notice {
  readonly event: "approval.requested" | "test";
  /** ASCII, and nothing of it comes from a client: it travels in headers too. */
  readonly title: string;
  readonly body: string;
  readonly sender: Sender;
  readonly requests: readonly Asking[];
  readonly more: number;
  readonly sentAtMs: number;
}

interface Facts {
  readonly sender: Sender;
  /** Wall clock. */
  readonly now: number;
  readonly maxBytes: number;
}

const NAME_CHARS = 48;
const CLIENT_CHARS = 64;
const ASKS_CHARS = 240;
const MINUTE = 60_000;

/** The message about `batch`. Where its text would be too long, fewer requests are shown. */
export function composeNotice({ shown, more }: Batch, facts: Facts): Notice {
  let requests = shown.map((waiting) => waiting.tell());
  const asked = requests.length + more;
  const body = () => bodyOf(requests, { ...facts, more: asked - requests.length });
  let text = body();
  while (requests.length > 1 && Buffer.byteLength(text) > facts.maxBytes) {
    requests = requests.slice(1);
    text = body();
  }
  const { sender, now } = facts;
  return {
    event: "approval.requested",
    title: titleOf(requests, asked),
    body: text,
    sender,
    requests,
    more: asked - requests.length,
    sentAtMs: now,
  };
}

/** What `openclaw notify test` sends. */
export function testNotice({ sender, now }: Omit<Facts, "maxBytes">): Notice {
  const body = [
    "This is a test: nobody asks for anything.",
    "Requests for approval will arrive here.",
    senderLine(sender),
  ].join("\n");
  const title = "Test of the gateway's webhook";
  return { event: "test", title, body, sender, requests: [], more: 0, sentAtMs: now };
}

function titleOf([only]: readonly Asking[], asked: number): string {
  if (asked > 1 || !only) return `${asked} requests wait for approval`;
  if (only.kind === "node") return "A node asks for its commands";
  if (only.known) return "A device asks for more";
  return only.roles.includes("operator")
    ? "A device asks to be let in"
    : "A node asks to be let in";
}

function bodyOf(requests: readonly Asking[], facts: Facts & { readonly more: number }): string {
  const { sender, more } = facts;
  const parts = requests.map((asking) => requestLines(asking, facts).join("\n"));
  if (more > 0) parts.push(`and ${more} more: ${sender.command} devices list`);
  return [...parts, senderLine(sender)].join("\n\n");
}

function requestLines(asking: Asking, { sender, now }: Facts): string[] {
  const { kind, requestId, expiresAtMs } = asking;
  const from = asking.address === undefined ? "" : ` from ${addressWords(asking.address)}`;
  const left = expiresAtMs === undefined ? [] : [`${minutesLeft(expiresAtMs, now)} min left`];
  const { approveCommand, sshCommand } = linesOf({ kind, requestId }, sender);
  return [
    `“${harmless(asking.name, NAME_CHARS)}” (${harmless(asking.client, CLIENT_CHARS)})${from}`,
    `${asksWords(asking)} ${harmless(asking.asks, ASKS_CHARS)}`,
    [`code ${requestId}`, `key ${asking.key}`, ...left].join(", "),
    approveCommand,
    ...(sshCommand === undefined ? [] : [sshCommand]),
  ];
}

/** Without a line that nobody could paste: a message knows no address bar to take the name from. */
export function linesOf(asking: Pick<Asking, "kind" | "requestId">, { command, way }: Sender) {
  const { kind, requestId } = asking;
  const lines = approvalLines({ kind, requestId, command, way });
  if (!lines.sshCommand?.includes(HOST)) return lines;
  return { approveCommand: lines.approveCommand };
}

/** As it is, so that it can be copied; what a proxy passed on and is no address is a stranger's text. */
function addressWords(address: string): string {
  return normalizeAddress(address) === undefined ? harmless(address, NAME_CHARS) : address;
}

function asksWords({ kind, known }: Asking): string {
  if (kind === "node") return "is paired and asks for";
  return known ? "is paired and asks to be" : "asks to be";
}

/** Whole minutes, so that nobody starts typing for a code that is about to end. */
export function minutesLeft(expiresAtMs: number, now: number): number {
  return Math.max(0, Math.floor((expiresAtMs - now) / MINUTE));
}

function senderLine({ name, fingerprint }: Sender): string {
  const named = name === undefined ? "Gateway" : `Gateway ${harmless(name, NAME_CHARS)},`;
  return `${named} fingerprint ${fingerprint}`;
}
