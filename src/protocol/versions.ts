/** The version of `@openclaw/gateway-protocol` whose schemas are used. A test holds it to package.json. */
export const PROTOCOL_PACKAGE = "2026.9.1";

/**
 * The release of OpenClaw whose gateway this one follows on the wire. Clients compare it with their own
 * version and with releases that brought what they need, so it goes out plainly: with a suffix of ours it
 * would count as older. Our own version stands beside it.
 */
export const OPENCLAW_VERSION = "2026.9.6";

/** The newest version of the wire protocol that is spoken here. */
export const SERVER_PROTOCOL = 4;

/** The oldest one: its frames and its handshake are those of version 4. */
export const OLDEST_PROTOCOL = 3;

/** The versions that are spoken, oldest first. */
export const spokenProtocols = [OLDEST_PROTOCOL, SERVER_PROTOCOL] as const;

export type SpokenProtocol = (typeof spokenProtocols)[number];

/** The newest version that is in the range of a client, both ends included; `undefined` where none is. */
export function spokenWith(min: number, max: number): SpokenProtocol | undefined {
  return spokenProtocols.findLast((one) => min <= one && one <= max);
}
