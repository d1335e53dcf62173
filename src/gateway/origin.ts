import { isIP } from "node:net";
import type { ConnectFacts } from "../auth/facts.ts";
import { hostName, isLoopbackHost } from "../lib/net.ts";
import { isListedOrigin } from "../lib/origins.ts";
import type { Peer } from "./socket.ts";

export interface OriginPolicy {
  /** Origins as browsers write them, or `*` for any. */
  readonly allowed: readonly string[];
  readonly publicUrl?: string | undefined;
}

/** What is thought of a page, and which one it is. */
export type OriginVerdict = Pick<ConnectFacts, "origin" | "page">;

/**
 * Judges where a page came from; `needed` where the client must be one. Besides what the owner configured
 * these pass:
 * - the page that the gateway itself served, under a host that cannot be a rebound name: an IP address,
 *   `localhost`, a name in `.local`, or Tailscale's in `.ts.net`;
 * - a page or app of this very machine, whose origin has a loopback host, from a direct local peer.
 */
export function judgeOrigin(peer: Peer, needed: boolean, policy: OriginPolicy): OriginVerdict {
  const { origin: sent, host } = peer;
  if (sent === "") return { origin: needed ? "absent" : "none" };
  const origin = parse(sent);
  if (!origin) return { origin: policy.allowed.includes("*") ? "allowed" : "missing" };
  const isOwnPage = origin.host === stripDefaultPort(host, origin.protocol);
  const isAllowed =
    isListedOrigin(origin.text, policy.allowed) ||
    originOf(policy.publicUrl) === origin.text ||
    (isOwnPage && isUnboundName(hostName(host))) ||
    (peer.directLocal && isLoopbackHost(origin.host));
  if (isAllowed) return { origin: "allowed" };
  return { origin: "refused", page: { sent: origin.text, isOwnPage } };
}

/** An origin in the one form that browsers send. */
interface Origin {
  readonly text: string;
  /** Such as `https:`. */
  readonly protocol: string;
  /** The name or address with its port, unless that is the protocol's own. */
  readonly host: string;
}

/** The most characters of an origin: a host name has 253 at most. */
const ORIGIN_CHARS = 300;

/** The origin that a header or URL names; `undefined` where it names none, as `null` and files do. */
function parse(url: string): Origin | undefined {
  if (url.length > ORIGIN_CHARS || !URL.canParse(url)) return undefined;
  const { protocol, host, username, password, pathname, search, hash } = new URL(url);
  if (host === "" || username !== "" || password !== "" || search !== "" || hash !== "")
    return undefined;
  if (pathname !== "/" && pathname !== "") return undefined;
  const name = host.toLowerCase();
  return { text: `${protocol}//${name}`, protocol, host: name };
}

/** The origin of a URL of the configuration, which may lead below the host. */
function originOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined;
}

function stripDefaultPort(host: string, protocol: string): string {
  const port = { "https:": ":443", "http:": ":80" }[protocol];
  const lower = host.trim().toLowerCase();
  return port !== undefined && lower.endsWith(port) ? lower.slice(0, -port.length) : lower;
}

/** Names that an attacker's DNS cannot point at us. */
function isUnboundName(name: string): boolean {
  const zones = [".localhost", ".local", ".ts.net"];
  return name === "localhost" || zones.some((zone) => name.endsWith(zone)) || isIP(name) !== 0;
}
