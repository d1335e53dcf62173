import type { Receiver } from "../events/hub.ts";
import type { Limits } from "../limits/table.ts";
import type { Actor, Role } from "../protocol/access.ts";
import { type Close, closes } from "../protocol/close.ts";
import {
  encodeError,
  encodeEventHead,
  finishEvent,
  type RequestFrame,
  readRequest,
  TooDeep,
} from "../protocol/frames.ts";
import type { Socket } from "./socket.ts";

/** Where a connection stands. `closed` is final. */
export type ConnectionState =
  | { readonly name: "challenged"; readonly nonce: string }
  | { readonly name: "deciding"; readonly nonce: string; readonly queue: string[] }
  | {
      readonly name: "waiting";
      readonly requestId: string;
      readonly deviceId: string;
      /** Frames that the client sent since, though none of them counts. */
      frames: number;
    }
  | { readonly name: "ready"; readonly actor: Actor }
  | { readonly name: "closed" };

/** What a connection asks of the gateway. One object serves all connections. */
export interface ConnectionHost {
  readonly limits: Limits;
  /** A `connect` arrived: decide it. */
  connect(connection: Connection, frame: RequestFrame, nonce: string): void;
  request(connection: Connection, frame: RequestFrame): void;
  /** The connection ended for any reason; called once. */
  ended(connection: Connection, close: Close | undefined): void;
  /** Runs `run` once after `ms`: a slow consumer has a moment to catch up. */
  after(ms: number, run: () => void): void;
}

const MAX_UTF8_PER_UNIT = 3;

const CLOSED: ConnectionState = { name: "closed" };

/** One client's connection: `challenged → deciding → ready | waiting | closed`. */
export class Connection implements Receiver {
  state: ConnectionState;
  seq = 0;
  inFlight = 0;
  /** Set when its connect was refused, which says more than the close that follows. */
  refused = false;
  /** Set when its device was ended: nothing it still sends counts. */
  revoked = false;
  /** Calls in a row that were outside of the client's role. */
  unauthorized = 0;
  /** Monotonic ms of the challenge: the handshake deadline counts from here. */
  challengedAt = 0;
  #onEnd: Set<() => void> | undefined;

  constructor(
    readonly id: string,
    readonly socket: Socket,
    private readonly host: ConnectionHost,
  ) {
    this.state = CLOSED;
  }

  get actor(): Actor | undefined {
    return this.state.name === "ready" ? this.state.actor : undefined;
  }

  get role(): Role {
    return this.actor?.role ?? "operator";
  }

  get isOpen(): boolean {
    return this.state.name !== "closed";
  }

  /** Sends a challenge: at open, and again when a waiting device was approved. */
  challenge(nonce: string, ts: number): void {
    this.state = { name: "challenged", nonce };
    this.socket.send(finishEvent(encodeEventHead("connect.challenge", { nonce, ts })));
  }

  /** Takes one frame. `bytes` is its length as it came over the wire. */
  receive(text: string, bytes: number): void {
    if (this.revoked) return;
    switch (this.state.name) {
      case "ready":
        if (bytes > this.host.limits.maxPayloadBytes) this.close(closes.frameTooLarge);
        else this.#request(text);
        return;
      case "challenged":
        if (this.#fitsBeforeAuth(bytes)) this.#first(text, this.state.nonce);
        return;
      case "deciding":
        if (this.#fitsBeforeAuth(bytes)) this.#queue(text, this.state.queue);
        return;
      case "waiting":
        if (!this.#fitsBeforeAuth(bytes)) return;
        this.state.frames += 1;
        if (this.state.frames > this.host.limits.queuedBehindConnect) {
          this.close(closes.handshakeFlood);
        } else this.#whileWaiting(text);
        return;
      case "closed":
    }
  }

  #fitsBeforeAuth(bytes: number): boolean {
    if (bytes <= this.host.limits.preAuthFrameBytes) return true;
    this.close(closes.preAuthFrameTooLarge);
    return false;
  }

  #read(text: string) {
    return readRequest(text, this.host.limits.frameLevels);
  }

  #first(text: string, nonce: string): void {
    const parsed = this.#read(text);
    if (!parsed) return this.close(closes.notJson);
    if (!parsed.ok || parsed.frame.params instanceof TooDeep)
      return this.close(closes.invalidFrame);
    if (parsed.frame.method !== "connect") return this.#refuseFirst(parsed.frame);
    this.state = { name: "deciding", nonce, queue: [] };
    this.host.connect(this, parsed.frame, nonce);
  }

  #refuseFirst(frame: RequestFrame): void {
    const message = closes.notConnect.reason;
    this.send(encodeError(frame.id, { code: "INVALID_REQUEST", message }));
    this.close(closes.notConnect);
  }

  #queue(text: string, queue: string[]): void {
    if (queue.length >= this.host.limits.queuedBehindConnect) {
      return this.close(closes.handshakeFlood);
    }
    queue.push(text);
  }

  /**
   * Answers a frame of a connection that waits for approval: it may only connect anew, after the
   * next challenge.
   */
  #whileWaiting(text: string): void {
    const parsed = this.#read(text);
    if (!parsed?.ok) return this.close(closes.invalidFrame);
    if (parsed.frame.method !== "connect") return this.#refuseFirst(parsed.frame);
    const message = "still waiting for approval; connect again after the next challenge";
    this.send(encodeError(parsed.frame.id, { code: "INVALID_REQUEST", message }));
  }

  #request(text: string): void {
    const parsed = this.#read(text);
    if (!parsed) return;
    if (!parsed.ok) {
      const message = `invalid request frame: ${parsed.problem}`;
      return this.send(encodeError(parsed.id, { code: "INVALID_REQUEST", message }));
    }
    if (parsed.frame.method === "connect") {
      const message = "connect is only valid as the first request";
      return this.send(encodeError(parsed.frame.id, { code: "INVALID_REQUEST", message }));
    }
    this.host.request(this, parsed.frame);
  }

  /** Sends a response or targeted event; a consumer too slow for it is closed by name. */
  send(text: string): void {
    this.push(text);
  }

  isSlow(): boolean {
    return this.socket.buffered() > this.host.limits.bufferedBytes / 2;
  }

  push(text: string): boolean {
    if (this.state.name === "closed") return false;
    if (!this.#hasRoomFor(text)) {
      this.#closeSlow();
      return false;
    }
    this.socket.send(text);
    return true;
  }

  #hasRoomFor(text: string): boolean {
    const left = this.host.limits.bufferedBytes - this.socket.buffered();
    // A UTF-16 unit is at most three bytes of UTF-8: counting exactly is only needed near the end.
    return text.length * MAX_UTF8_PER_UNIT <= left || Buffer.byteLength(text) <= left;
  }

  /**
   * Nothing more is sent. A client that takes what is queued in time still reads why it was closed;
   * for one that does not, a close frame would queue behind what it never reads.
   */
  #closeSlow(): void {
    const { socket } = this;
    const { limits } = this.host;
    this.close(closes.slowConsumer, { keepSocket: true });
    this.host.after(limits.slowConsumerMs, () => {
      const caughtUp = socket.buffered() < limits.bufferedBytes / 2;
      if (caughtUp) socket.end(closes.slowConsumer.code, closes.slowConsumer.reason);
      else socket.drop();
    });
  }

  /** Becomes ready and handles what was sent behind the connect. */
  ready(actor: Actor, hello: string): void {
    const queue = this.state.name === "deciding" ? this.state.queue : [];
    this.state = { name: "ready", actor };
    this.send(hello);
    for (const text of queue) this.receive(text, Buffer.byteLength(text));
  }

  /** Stays connected until the owner decides on `requestId`. */
  wait(facts: { requestId: string; deviceId: string; answer: string }): void {
    const { requestId, deviceId } = facts;
    this.state = { name: "waiting", requestId, deviceId, frames: 0 };
    this.send(facts.answer);
  }

  /** Closes with a reason. Does nothing on a closed connection. */
  close(close: Close, options: { keepSocket?: boolean } = {}): void {
    if (this.state.name === "closed") return;
    this.#end(close);
    if (!options.keepSocket) this.socket.end(close.code, close.reason);
  }

  /** The transport says that the socket is gone. */
  gone(): void {
    if (this.state.name !== "closed") this.#end(undefined);
  }

  #end(close: Close | undefined): void {
    this.host.ended(this, close);
    this.state = CLOSED;
    const listeners = this.#onEnd;
    this.#onEnd = undefined;
    for (const listener of listeners ?? []) listener();
  }

  /** Runs `then` once when the connection ends; returns how to take that back. */
  onEnd(then: () => void): () => void {
    if (this.state.name === "closed") {
      then();
      return () => {};
    }
    this.#onEnd ??= new Set();
    this.#onEnd.add(then);
    return () => this.#onEnd?.delete(then);
  }
}
