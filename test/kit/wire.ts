import type { Peer, Socket } from "../../src/gateway/socket.ts";
import { type ConnectOptions, type Frame, RawClient } from "./client.ts";

/** A connect that was refused: the error of the response, and the close that followed it. */
export interface RefusedConnect {
  readonly error: Frame;
  readonly closed: { code: number; reason: string };
}

/** Opens a socket, sends one `connect`, and resolves with how it was refused. */
export async function refusedConnect(
  gateway: { url: string },
  options: ConnectOptions,
  headers: Record<string, string> = {},
): Promise<RefusedConnect> {
  const client = await RawClient.open(gateway.url, { headers });
  const answer = await client.connect(options);
  if (answer.ok) throw new Error(`admitted: ${JSON.stringify(answer.payload.auth)}`);
  return { error: answer.error, closed: await client.end() };
}

/** Opens a socket and is admitted; resolves with the client and the payload of `hello-ok`. */
export async function admittedConnect(
  gateway: { url: string },
  options: ConnectOptions,
  headers: Record<string, string> = {},
): Promise<{ client: RawClient; hello: Frame }> {
  const client = await RawClient.open(gateway.url, { headers });
  const answer = await client.connect(options);
  if (!answer.ok) throw new Error(`refused: ${JSON.stringify(answer.error)}`);
  return { client, hello: answer.payload };
}

export function peerAt(address: string, more: Partial<Peer> = {}): Peer {
  const base = { address, source: address, host: "gateway.test", origin: "" };
  return { ...base, directLocal: false, directLoopback: false, ...more };
}

/** A socket without a network: keeps what was sent, and is as slow as `queued` says. */
export class FakeSocket implements Socket {
  readonly texts: string[] = [];
  queued = 0;
  ended: { code: number; reason: string } | undefined;
  dropped = false;

  constructor(readonly peer: Peer = peerAt("203.0.113.7")) {}

  send(text: string): void {
    this.texts.push(text);
  }

  buffered(): number {
    return this.queued;
  }

  end(code: number, reason: string): void {
    this.ended ??= { code, reason };
  }

  drop(): void {
    this.dropped = true;
  }

  get frames(): Frame[] {
    return this.texts.map((text) => JSON.parse(text));
  }
}
