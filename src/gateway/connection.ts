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
import { SERVER_PROTOCOL, type SpokenProtocol } from "../protocol/versions.ts";
import { Holding, type MemoryAccount } from "./memory.ts";
import type { Share } from "./shares.ts";
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
  /** Where it says what is held for its client; left out by tests that are not about that. */
  readonly memory?: MemoryAccount;
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
  /** The version of the protocol that is spoken, once it is ready. */
  protocol: SpokenProtocol = SERVER_PROTOCOL;
  /** Set when its connect was refused, which says more than the close that follows. */
  refused = false;
  /** Set when its device was ended: nothing it still sends counts. */
  revoked = false;
  /** Calls in a row that were outside of the client's role. */
  unauthorized = 0;
  /** Monotonic ms of the challenge: the handshake deadline counts from here. */
  challengedAt = 0;
  /** What its device takes, while it is ready. */
  share: Share | undefined;
  /** Characters of the request that was received last. */
  frameChars = 0;
  /** Bytes of frames that wait behind its connect, or characters of its requests that run. */
  #kept = 0;
  #holding: Holding | undefined;
  #onEnd: Set<(left: boolean) => void> | undefined;

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
        if (this.#fitsBeforeAuth(bytes)) this.#queue(text, bytes, this.state.queue);
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

  #queue(text: string, bytes: number, queue: string[]): void {
    if (queue.length >= this.host.limits.queuedBehindConnect) {
      return this.close(closes.handshakeFlood);
    }
    const kept = this.#kept + bytes;
    if (kept > this.host.limits.unauthenticatedBytes) return this.close(closes.handshakeFlood);
    queue.push(text);
    this.keep(bytes);
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
    this.frameChars = text.length;
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
      if (this.state.name === "ready") this.#closeSlow();
      else this.#drop(closes.unreadDropped);
      return false;
    }
    this.socket.send(text);
    if (this.socket.buffered() > 0 || this.#holding !== undefined) this.#account();
    return true;
  }

  #hasRoomFor(text: string): boolean {
    const left = this.#mayBuffer() - this.socket.buffered();
    // A UTF-16 unit is at most three bytes of UTF-8: counting exactly is only needed near the end.
    return text.length * MAX_UTF8_PER_UNIT <= left || Buffer.byteLength(text) <= left;
  }

  /** Bytes that the client may leave unread. */
  #mayBuffer(): number {
    const { bufferedBytes, unauthenticatedBytes } = this.host.limits;
    return this.state.name === "ready" ? bufferedBytes : unauthenticatedBytes;
  }

  /**
   * The transport says that what the client has not read has changed by itself: the client read, or
   * was sent a pong.
   */
  unreadChanged(): void {
    const bytes = this.socket.buffered();
    const most = this.state.name === "closed" ? (this.#holding?.bytes ?? 0) : this.#mayBuffer();
    if (bytes > most) this.#drop(closes.unreadDropped);
    else this.#account();
  }

  /** So many bytes or characters more, or less, are kept for the client beside what it has not read. */
  keep(change: number): void {
    this.#kept += change;
    this.#account();
  }

  /** Says what is held for the client now. What is left when it ends is held until the socket is gone. */
  #account(): void {
    const { memory } = this.host;
    const bytes = this.socket.buffered() + this.#kept;
    if (memory === undefined || (this.#holding === undefined && bytes === 0)) return;
    this.#holding ??= this.#newHolding();
    memory.set(this.#holding, bytes);
    if (bytes === 0) this.#holding = undefined;
  }

  #newHolding(): Holding {
    const drop = () => this.#drop(closes.memoryEvicted);
    return new Holding(this.#holder, drop, this.share === undefined);
  }

  get #holder(): string {
    return this.share?.key ?? this.socket.peer.source;
  }

  /** Ends it without a close frame, which would only wait behind what the client never reads. */
  #drop(close: Close): void {
    if (this.state.name !== "closed") this.#end(close);
    this.socket.drop();
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
      const { code, reason } = closes.slowConsumer;
      if (caughtUp) socket.end(code, reason, this.share?.key);
      else socket.drop();
    });
  }

  /** Becomes ready, if it is still open, and handles what was sent behind the connect. */
  ready(actor: Actor, hello: string): void {
    if (this.state.name === "closed") return;
    const queue = this.state.name === "deciding" ? this.state.queue : [];
    this.state = { name: "ready", actor };
    if (this.#kept > 0) this.keep(-this.#kept);
    if (this.#holding) this.host.memory?.move(this.#holding, this.#holder);
    this.send(hello);
    for (const text of queue) this.receive(text, Buffer.byteLength(text));
  }

  /** Stays connected until the owner decides on `requestId`. */
  wait(facts: { requestId: string; deviceId: string; answer: string }): void {
    const { requestId, deviceId } = facts;
    this.state = { name: "waiting", requestId, deviceId, frames: 0 };
    if (this.#kept > 0) this.keep(-this.#kept);
    this.send(facts.answer);
  }

  /** Closes with a reason. Does nothing on a closed connection. */
  close(close: Close, options: { keepSocket?: boolean } = {}): void {
    if (this.state.name === "closed") return;
    this.#end(close);
    if (!options.keepSocket) this.socket.end(close.code, close.reason, this.share?.key);
  }

  /** The transport says that the socket is gone. `left`: by a close frame of a client that goes for good. */
  gone(left = false): void {
    if (this.state.name !== "closed") this.#end(undefined, left);
    if (this.#holding) this.#account();
  }

  #end(close: Close | undefined, left = false): void {
    this.host.ended(this, close);
    // What waited behind the connect goes with it; requests that run are kept until they are answered.
    if (this.state.name === "deciding") this.#kept = 0;
    this.state = CLOSED;
    const listeners = this.#onEnd;
    this.#onEnd = undefined;
    for (const listener of listeners ?? []) listener(left || this.revoked);
  }

  /** Runs `then` once when the connection ends (see `Call.onEnd`); returns how to take that back. */
  onEnd(then: (left: boolean) => void): () => void {
    if (this.state.name === "closed") {
      then(this.revoked);
      return () => {};
    }
    this.#onEnd ??= new Set();
    this.#onEnd.add(then);
    return () => this.#onEnd?.delete(then);
  }
}
