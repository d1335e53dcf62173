import { cleanText } from "../lib/text.ts";
import type { Peer } from "./socket.ts";

/** Characters of each in a line of the log. */
const ID_CHARS = 64;
const VERSION_CHARS = 32;
const LONG_CHARS = 128;

/**
 * What a client says of itself in the params of a connect, which need not be valid, and in its request's
 * headers: for the log, cleaned and bounded. Nothing is decided by it.
 */
export function claimsIn(
  params: unknown,
  peer: Pick<Peer, "origin" | "userAgent">,
): Record<string, string> {
  const { client, minProtocol, maxProtocol, userAgent } = fieldsOf(params);
  const { id, version } = fieldsOf(client);
  const claims = {
    client: cleanText(id, ID_CHARS),
    clientVersion: cleanText(version, VERSION_CHARS),
    protocol: protocolRange(minProtocol, maxProtocol),
    origin: cleanText(peer.origin, LONG_CHARS),
    userAgent: cleanText(userAgent, LONG_CHARS) ?? cleanText(peer.userAgent, LONG_CHARS),
  };
  const said = Object.entries(claims).filter(([, text]) => text !== undefined);
  return Object.fromEntries(said as [string, string][]);
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function protocolRange(from: unknown, to: unknown): string | undefined {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return undefined;
  return from === to ? `${from}` : `${from}-${to}`;
}
