/** Where a connection comes from. */
export interface Peer {
  /** The address to show and to count by; empty when a Unix socket peer names none. */
  readonly address: string;
  /** What limits count by (IPv6: its /64). */
  readonly source: string;
  /** Whether a proxy that is trusted speaks for it: the socket itself is the proxy's. */
  readonly behindProxy?: boolean;
  readonly host: string;
  /** The `Origin` header; empty when absent. */
  readonly origin: string;
  /** The `User-Agent` header, where there is one; the client's own words. */
  readonly userAgent?: string;
  /** A TCP peer on loopback that is no trusted proxy, under a loopback `Host` and without a proxy header. */
  readonly directLocal: boolean;
  /** TCP peer on loopback, loopback `Host`, no `Origin`, no proxy header. */
  readonly directLoopback: boolean;
  /** The `x-openclaw-scopes` header, which can only narrow scopes. */
  readonly scopeCap?: readonly string[] | undefined;
}

/** A transport's socket as the gateway uses it. After `end` or `drop` nothing else is called. */
export interface Socket {
  readonly peer: Peer;
  send(text: string): void;
  /** Bytes that were sent but not yet taken by the kernel. */
  buffered(): number;
  /** Closes with a frame. `device`: whose share it was in, where it was ready. */
  end(code: number, reason: string, device?: string): void;
  /** Closes without one. */
  drop(): void;
}
