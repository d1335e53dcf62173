import type { Peer } from "../gateway/socket.ts";
import {
  addressMatcher,
  isLoopback,
  isLoopbackHost,
  normalizeAddress,
  sourceKey,
} from "../lib/net.ts";

/** What a request says about where it comes from, before any of it is believed. */
export interface RawPeer {
  /** The socket's own peer address; empty for a Unix socket. */
  readonly address: string;
  /** Whether it came through our own Unix socket, where only the reverse proxy can be. */
  readonly unixSocket: boolean;
  header(name: string): string;
}

const PROXY_HEADERS = [
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-forwarded-server",
  "x-real-ip",
  "x-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
  "via",
  "tailscale-user-login",
  "tailscale-headers-info",
];

/**
 * Makes peers out of requests. Forwarded addresses are believed only from trusted proxies or our own
 * Unix socket, and then only for display and limits, never for trust.
 */
export class PeerReader {
  #isProxy: (address: string) => boolean = () => false;

  trust(cidrs: readonly string[]): void {
    this.#isProxy = addressMatcher(cidrs);
  }

  /** Who dialled, by the socket alone; undefined for a proxy that speaks for many. */
  dialler(address: string): string | undefined {
    const own = normalizeAddress(address) ?? address;
    return this.#isProxy(own) ? undefined : sourceKey(own);
  }

  read(raw: RawPeer): Peer {
    const own = normalizeAddress(raw.address) ?? raw.address;
    const proxied = PROXY_HEADERS.some((name) => raw.header(name) !== "");
    const trusted = raw.unixSocket || this.#isProxy(own);
    const address = trusted ? (this.#forwarded(raw.header("x-forwarded-for")) ?? own) : own;
    const host = raw.header("host");
    const origin = raw.header("origin");
    const cap = raw.header("x-openclaw-scopes");
    return {
      address,
      source: sourceKey(address),
      host,
      origin,
      directLoopback:
        !raw.unixSocket && !proxied && origin === "" && isLoopback(own) && isLoopbackHost(host),
      ...(cap !== "" && { scopeCap: cap.split(",").map((scope) => scope.trim()) }),
    };
  }

  /** The last hop that is no trusted proxy: everything left of it may be made up by the client. */
  #forwarded(header: string): string | undefined {
    const hops = header.split(",").map((hop) => normalizeAddress(hop));
    for (const hop of hops.reverse()) {
      if (hop === undefined) return undefined;
      if (!this.#isProxy(hop)) return hop;
    }
    return undefined;
  }
}
