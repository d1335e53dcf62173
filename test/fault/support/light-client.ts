import { connect, type Socket } from "node:net";
import { connectParams, type TestDevice } from "../../kit/client.ts";

/** The reference client's rules: 1 s, doubled after each failure up to 30 s, anew after a hello. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export interface LightOptions {
  readonly port: number;
  readonly device: TestDevice;
  /** Address of this machine that it comes from. */
  readonly from: string;
  /** Milliseconds that an answer takes on the way, as on a real network. */
  readonly latencyMs: number;
  /** Sent until the gateway has given it a device token. */
  readonly token: string;
  /** Keeps the device token, as the reference client does where it has somewhere to keep it. */
  readonly keepsToken: boolean;
}

/**
 * A client that does nothing but connect, and connect again: thousands of them fit one process. It
 * speaks just enough of WebSocket for that.
 */
export class LightClient {
  readyAt: number | undefined;
  hellos = 0;
  /** How attempts ended that did not lead to a hello: status lines, close codes, error codes. */
  readonly failures: string[] = [];
  #socket: Socket | undefined;
  #input: Buffer = Buffer.alloc(0);
  #upgraded = false;
  #pause = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;
  #over = false;
  #deviceToken: string | undefined;
  #why = "";

  constructor(private readonly options: LightOptions) {}

  start(): void {
    const { port, from } = this.options;
    this.#input = Buffer.alloc(0);
    this.#upgraded = false;
    this.#why = "";
    const socket = connect({ port, host: "127.0.0.1", localAddress: from });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("connect", () => socket.write(upgradeOf(port)));
    socket.on("data", (bytes) => this.#data(bytes));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#why ||= error.code ?? "error";
    });
    socket.on("close", () => this.#closed());
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #closed(): void {
    if (this.#over) return;
    if (this.readyAt === undefined) this.failures.push(this.#why || "closed");
    this.readyAt = undefined;
    this.#timer = setTimeout(() => this.start(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }

  #data(bytes: Buffer): void {
    this.#input = this.#input.length > 0 ? Buffer.concat([this.#input, bytes]) : bytes;
    if (!this.#upgraded && !this.#upgrade()) return;
    for (let frame = takeFrame(this.#input); frame; frame = takeFrame(this.#input)) {
      this.#input = this.#input.subarray(frame.end);
      this.#frame(frame.code, frame.payload);
    }
  }

  #upgrade(): boolean {
    const end = this.#input.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const status = this.#input.toString("latin1", 9, 12);
    this.#upgraded = status === "101";
    if (!this.#upgraded) {
      this.#why = `HTTP ${status}`;
      this.#socket?.destroy();
    }
    this.#input = this.#input.subarray(end + 4);
    return this.#upgraded;
  }

  #frame(code: number, payload: Buffer): void {
    if (code === 8) {
      this.#why = String(payload.readUInt16BE(0));
      this.#socket?.destroy();
    }
    if (code === 9) this.#send(10, payload);
    if (code !== 1) return;
    const text = payload.toString();
    if (text.startsWith('{"type":"event","event":"connect.challenge"')) {
      const { payload: challenge } = JSON.parse(text);
      const answer = () => this.#connect(challenge);
      if (this.options.latencyMs > 0) setTimeout(answer, this.options.latencyMs);
      else answer();
    } else if (this.readyAt === undefined && text.startsWith('{"type":"res"')) {
      this.#answered(text);
    }
  }

  #answered(text: string): void {
    const { ok, payload, error } = JSON.parse(text);
    if (!ok) {
      this.#why = error.details?.code ?? error.code;
      return;
    }
    this.readyAt = performance.now();
    this.hellos += 1;
    this.#pause = FIRST_PAUSE_MS;
    if (this.options.keepsToken) this.#deviceToken = payload.auth.deviceToken;
  }

  #connect(challenge: { nonce: string; ts: number }): void {
    const { device, token } = this.options;
    const own = this.#deviceToken;
    const auth: Record<string, string> = own === undefined ? { token } : { deviceToken: own };
    const params = connectParams(challenge, { device, auth, scopes: ["operator.read"] });
    const text = JSON.stringify({ type: "req", id: "1", method: "connect", params });
    this.#send(1, Buffer.from(text));
  }

  #send(code: number, payload: Buffer): void {
    const long = payload.length > 125;
    const head = Buffer.alloc(long ? 8 : 6);
    head.writeUInt8(0x80 | code, 0);
    head.writeUInt8(0x80 | (long ? 126 : payload.length), 1);
    if (long) head.writeUInt16BE(payload.length, 2);
    // The mask is zero, so the payload stays as it is.
    this.#socket?.write(Buffer.concat([head, payload]));
  }
}

function upgradeOf(port: number): string {
  return [
    "GET / HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "\r\n",
  ].join("\r\n");
}

/** The first whole frame of what a server sent, and where it ends. */
function takeFrame(bytes: Buffer): { code: number; payload: Buffer; end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const start = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < start) return undefined;
  const length =
    short === 127
      ? Number(bytes.readBigUInt64BE(2))
      : short === 126
        ? bytes.readUInt16BE(2)
        : short;
  const end = start + length;
  if (bytes.length < end) return undefined;
  return { code: bytes.readUInt8(0) & 0x0f, payload: bytes.subarray(start, end), end };
}
