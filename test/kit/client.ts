import WebSocket from "ws";
import { type ConnectOptions, connectParams, makeDevice, type TestDevice } from "./device.mjs";
import { HANG_MS } from "./until.ts";

export type { ConnectOptions, TestDevice } from "./device.mjs";
export { connectParams, makeDevice };

// biome-ignore lint/suspicious/noExplicitAny: frames are read loosely in tests
export type Frame = any;

/** A raw protocol client: every frame is kept, nothing is hidden. */
export class RawClient {
  readonly frames: Frame[] = [];
  closed: { code: number; reason: string } | undefined;
  readonly #waiters = new Set<() => void>();
  #serial = 0;

  private constructor(readonly ws: WebSocket) {
    ws.on("message", (data) => {
      this.frames.push(JSON.parse(String(data)));
      this.#wake();
    });
    ws.on("close", (code, reason) => {
      this.closed = { code, reason: String(reason) };
      this.#wake();
    });
    ws.on("error", () => this.#wake());
  }

  static async open(
    url: string,
    options: {
      /** A list becomes one line for each of its values. */
      headers?: Record<string, string | string[]>;
      protocols?: string[];
      /** The address of this machine to come from, such as 127.0.0.7. */
      localAddress?: string;
    } = {},
  ): Promise<RawClient> {
    const { headers = {}, protocols = [], localAddress } = options;
    const from = localAddress === undefined ? {} : { localAddress };
    const ws = new WebSocket(url, protocols, {
      headers: headers as Record<string, string>,
      ...from,
    });
    const client = new RawClient(ws);
    await new Promise<void>((resolve, reject) => {
      ws.once("open", resolve);
      ws.once("error", reject);
    });
    return client;
  }

  /** The newest challenge. */
  async challenge(after = 0): Promise<{ nonce: string; ts: number }> {
    const frame = await this.next((f) => f.event === "connect.challenge", after);
    return frame.payload;
  }

  send(frame: unknown): void {
    this.ws.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** Sends a request and resolves with its response frame. */
  async request(method: string, params?: unknown, id?: string): Promise<Frame> {
    this.#serial += 1;
    const requestId = id ?? `r${this.#serial}`;
    const seen = this.frames.length;
    this.send({ type: "req", id: requestId, method, ...(params !== undefined && { params }) });
    return this.next((f) => f.type === "res" && f.id === requestId, seen);
  }

  /** Answers the challenge with a `connect`; resolves with the response frame. */
  async connect(options: ConnectOptions = {}): Promise<Frame> {
    const challenge = await this.challenge();
    return this.request("connect", connectParams(challenge, options));
  }

  /** The first frame from index `from` on that `matches`; rejects when the socket closes first. */
  async next(matches: (frame: Frame) => boolean, from = 0, timeoutMs = HANG_MS): Promise<Frame> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = this.frames.slice(from).find(matches);
      if (found) return found;
      if (this.closed) throw new Error(`closed ${this.closed.code} ${this.closed.reason}`);
      await this.#wait(deadline, "no such frame");
    }
  }

  /** Resolves when the socket is closed. */
  async end(timeoutMs = HANG_MS): Promise<{ code: number; reason: string }> {
    const deadline = Date.now() + timeoutMs;
    while (!this.closed) await this.#wait(deadline, "still open");
    return this.closed;
  }

  close(): void {
    this.ws.close();
  }

  async #wait(deadline: number, what: string): Promise<void> {
    const left = deadline - Date.now();
    if (left <= 0) throw new Error(`timed out: ${what}; frames: ${JSON.stringify(this.frames)}`);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, left);
      const waiters = this.#waiters;
      function done() {
        clearTimeout(timer);
        waiters.delete(done);
        resolve();
      }
      waiters.add(done);
    });
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }
}

/** Pairs `device` with the owner's approval and returns a connected client and its device token. */
export async function pairAndConnect(
  gateway: { url: string; host(method: string, params?: unknown): Promise<unknown> },
  options: ConnectOptions & { device: TestDevice },
): Promise<{ client: RawClient; hello: Frame; deviceToken: string }> {
  const first = await RawClient.open(gateway.url);
  const refused = await first.connect(options);
  await gateway.host("device.pair.approve", { requestId: refused.error.details.requestId });
  const client = await RawClient.open(gateway.url);
  const hello = await client.connect(options);
  return { client, hello, deviceToken: hello.payload?.auth?.deviceToken };
}
