import type { Peer, Socket } from "../gateway/socket.ts";

/** What this needs of a WebSocket of uWebSockets.js. */
export interface RawSocket {
  /** 1 where the kernel, or the cork, took all of it. */
  send(text: string): number;
  getBufferedAmount(): number;
  end(code: number, reason: string): void;
  close(): void;
}

/** What a socket asks of the server that it came to. */
export interface SocketOwner {
  /**
   * Whether a socket of `peer` may stay open until its client hangs up. If so, it counts so long, against
   * its device where it was let in as one.
   */
  mayLinger(peer: Peer, device: string | undefined): boolean;
  /** Runs `run` after `ms`; `undefined`: once this turn of the event loop is over. */
  after(ms: number | undefined, run: () => void): void;
  readonly slowConsumerMs: number;
}

/**
 * A WebSocket as the gateway uses it. It asks uWebSockets.js for what is unread only where that can have
 * changed: after a send that the kernel did not take whole, a pong, or some reading. What lies in the
 * cork meanwhile, 16 KiB at most, is seen at the next of these.
 */
export class UwsSocket implements Socket {
  #open = true;
  #buffered = 0;
  /** Why it ends, where it waits for its client to read what came before. */
  #leaving: { code: number; reason: string; lingers: boolean } | undefined;

  constructor(
    private readonly ws: RawSocket,
    readonly peer: Peer,
    private readonly owner: SocketOwner,
  ) {}

  send(text: string): void {
    if (!this.#open || this.#leaving) return;
    if (this.ws.send(text) !== 1 || this.#buffered > 0) this.look();
  }

  buffered(): number {
    return this.#buffered;
  }

  /** What is unread may have changed. */
  look(): void {
    if (!this.#open) return;
    this.#buffered = this.ws.getBufferedAmount();
    if (this.#buffered === 0 && this.#leaving?.lingers) this.#finish(this.#leaving);
  }

  /**
   * Closes with a frame, for which the client first has to read what was sent before, in
   * `slowConsumerMs`: a frame behind what the client never reads would only keep all of it.
   */
  end(code: number, reason: string, device?: string): void {
    if (!this.#open || this.#leaving) return;
    this.look();
    const lingers = this.owner.mayLinger(this.peer, device);
    if (lingers && this.#buffered === 0) return this.#finish({ code, reason });
    this.#leaving = { code, reason, lingers };
    // Without a frame, what was sent in this turn may still lie in the cork, and goes out first.
    this.owner.after(lingers ? this.owner.slowConsumerMs : undefined, () => this.drop());
  }

  /** After a close frame uWebSockets.js says no more of a socket, which may stay open for a while. */
  #finish({ code, reason }: { readonly code: number; readonly reason: string }): void {
    // It calls the close handler before `end` returns; a closed socket must not be touched.
    this.#gone();
    this.ws.end(code, reason);
  }

  drop(): void {
    if (!this.#open) return;
    this.#gone();
    this.ws.close();
  }

  /** The close handler ran. */
  closed(): void {
    this.#gone();
  }

  #gone(): void {
    this.#open = false;
    this.#buffered = 0;
  }
}
