import WebSocket from "ws";
import { connectParams, type Frame, makeDevice, type TestDevice } from "../../../kit/client.ts";

const EVERY_MS = 100;

/** One well-behaved client: sends a request every 100 ms and notes whatever should not happen. */
export class Member {
  readonly problems: string[] = [];
  readonly latencies: number[] = [];
  /** Codes whose approval it was told of. */
  readonly resolved = new Set<string>();
  readonly #sent = new Map<string, number>();
  #serial = 0;
  #seq: number | undefined;
  #leaving = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(private readonly ws: WebSocket) {
    ws.on("message", (data) => this.#frame(JSON.parse(String(data))));
    ws.on("close", (code, reason) => {
      if (!this.#leaving) this.problems.push(`closed ${code} ${reason}`);
    });
  }

  static async join(
    url: string,
    device: TestDevice,
    auth: Record<string, string>,
  ): Promise<Member> {
    const { ws, answer } = await shakeHands(url, { device, auth, scopes: MEMBER_SCOPES });
    if (!answer.ok) throw new Error(`a member was refused: ${JSON.stringify(answer.error)}`);
    return new Member(ws);
  }

  start(delayMs: number): void {
    const begin = () => {
      this.#timer = setInterval(() => this.#request(), EVERY_MS);
    };
    this.#timer = setTimeout(begin, delayMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#timer);
  }

  get unanswered(): number {
    return this.#sent.size;
  }

  leave(): void {
    this.stop();
    this.#leaving = true;
    this.ws.terminate();
  }

  #request(): void {
    this.#serial += 1;
    const id = `m${this.#serial}`;
    this.#sent.set(id, performance.now());
    this.ws.send(`{"type":"req","id":"${id}","method":"health"}`);
  }

  #frame(frame: Frame): void {
    if (frame.type === "res") return this.#answer(frame);
    if (typeof frame.seq !== "number") return;
    if (this.#seq !== undefined && frame.seq !== this.#seq + 1) {
      this.problems.push(`event ${frame.seq} after ${this.#seq}`);
    }
    this.#seq = frame.seq;
    if (frame.event === "device.pair.resolved") this.resolved.add(frame.payload.requestId);
  }

  #answer(frame: Frame): void {
    const at = this.#sent.get(frame.id);
    if (at === undefined) return void this.problems.push(`an answer to nothing: ${frame.id}`);
    this.#sent.delete(frame.id);
    this.latencies.push(performance.now() - at);
    if (!frame.ok) this.problems.push(`refused: ${JSON.stringify(frame.error)}`);
  }
}

export const MEMBER_SCOPES = ["operator.read", "operator.pairing"];

interface Hands {
  readonly device: TestDevice;
  readonly auth?: Record<string, string>;
  readonly scopes: readonly string[];
  readonly caps?: readonly string[];
  readonly localAddress?: string;
}

/** Opens a socket, answers the challenge; resolves with the socket and the response to `connect`. */
export function shakeHands(
  url: string,
  { localAddress, ...options }: Hands,
): Promise<{ ws: WebSocket; answer: Frame }> {
  const ws = new WebSocket(url, localAddress === undefined ? {} : { localAddress });
  return new Promise((resolve, reject) => {
    ws.on("error", reject);
    const closed = (code: number, reason: Buffer) => reject(new Error(`closed ${code} ${reason}`));
    ws.on("close", closed);
    const hear = (data: WebSocket.RawData) => {
      const frame: Frame = JSON.parse(String(data));
      if (frame.event === "connect.challenge") {
        const params = connectParams(frame.payload, options);
        ws.send(JSON.stringify({ type: "req", id: "c", method: "connect", params }));
      } else if (frame.id === "c") {
        ws.off("message", hear);
        ws.off("close", closed);
        resolve({ ws, answer: frame });
      }
    };
    ws.on("message", hear);
  });
}

export { makeDevice };
