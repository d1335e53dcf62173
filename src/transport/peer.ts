import type { Peer } from "../gateway/socket.ts";
import {
  addressMatcher,
  isLoopback,
  isLoopbackHost,
  normalizeAddress,
  sourceKey,
} from "../lib/net.ts";
import { ProxyWatch } from "./proxy-watch.ts";

/** What a request says about where it comes from, before any of it is believed. */
export interface RawPeer {
  /** The socket's own peer address; empty for a Unix socket. */
  readonly address: string;
  /** Whether it came through our own Unix socket, where only the reverse proxy can be. */
  readonly unixSocket: boolean;
  header(name: string): string;
}

/** Whether a proxy names the visitor that it asks for. */
function namesAnother({ header }: RawPeer): boolean {
  return header("x-forwarded-for") !== "" || header("forwarded") !== "";
}

/** Kept of a user agent: browsers' have about 150. */
const USER_AGENT_CHARS = 256;

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

/** What a socket's own address says. */
interface Dialler {
  /** The address as the transport wrote it. */
  readonly raw: string;
  readonly address: string;
  readonly source: string;
  readonly loopback: boolean;
  readonly isProxy: boolean;
}

/**
 * Makes peers out of requests. Forwarded addresses are believed only from trusted proxies or our own
 * Unix socket, and then only for display and limits, never for trust.
 */
export class PeerReader {
  #isProxy: (address: string) => boolean = () => false;
  /** Most sockets are asked about three times in a row: when they come, and twice when they upgrade. */
  #last: Dialler | undefined;

  /** `proxies`: what looks for one that is not trusted. */
  constructor(readonly proxies = new ProxyWatch()) {}

  trust(cidrs: readonly string[]): void {
    this.#isProxy = addressMatcher(cidrs);
    this.#last = undefined;
    this.proxies.reset();
  }

  /** The source of the socket's own peer; `undefined` for a proxy, which speaks for many. */
  dialler(address: string): string | undefined {
    const { isProxy, source } = this.#own(address);
    return isProxy ? undefined : source;
  }

  #own(raw: string): Dialler {
    if (this.#last?.raw === raw) return this.#last;
    const address = normalizeAddress(raw) ?? raw;
    const [source, loopback] = [sourceKey(address), isLoopback(address)];
    this.#last = { raw, address, source, loopback, isProxy: this.#isProxy(address) };
    return this.#last;
  }

  read(raw: RawPeer): Peer {
    const own = this.#own(raw.address);
    const trusted = raw.unixSocket || own.isProxy;
    const forwarded = trusted ? this.#forwarded(raw.header("x-forwarded-for")) : undefined;
    if (!trusted) this.proxies.seen(own.address, () => namesAnother(raw));
    const host = raw.header("host");
    const origin = raw.header("origin");
    const cap = raw.header("x-openclaw-scopes");
    const userAgent = raw.header("user-agent");
    const direct =
      own.loopback &&
      !raw.unixSocket &&
      isLoopbackHost(host) &&
      PROXY_HEADERS.every((name) => raw.header(name) === "");
    return {
      address: forwarded ?? own.address,
      source: forwarded === undefined ? own.source : sourceKey(forwarded),
      host,
      origin,
      ...(userAgent !== "" && { userAgent: userAgent.slice(0, USER_AGENT_CHARS) }),
      ...(trusted && { behindProxy: true }),
      directLocal: direct && !own.isProxy,
      directLoopback: direct && origin === "",
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
