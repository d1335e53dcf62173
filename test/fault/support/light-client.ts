import { connectParams, type TestDevice } from "../../kit/client.ts";
import { encodeFrame, WireClient } from "../../kit/wire-client.mjs";

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
 * A client that does nothing but connect, and connect again: thousands of them fit one process.
 */
export class LightClient {
  readyAt: number | undefined;
  hellos = 0;
  /** How attempts ended that did not lead to a hello: status lines, close codes, error codes. */
  readonly failures: string[] = [];
  #wire: WireClient | undefined;
  #pause = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;
  #over = false;
  #deviceToken: string | undefined;
  #why = "";

  constructor(private readonly options: LightOptions) {}

  start(): void {
    const { port, from } = this.options;
    const wire = new WireClient({ port, localAddress: from });
    this.#wire = wire;
    this.#why = "";
    wire.onText = (payload) => this.#frame(payload.toString());
    wire.onClose = () => this.#closed(wire);
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#wire?.socket.destroy();
  }

  #closed(wire: WireClient): void {
    if (this.#over) return;
    if (this.readyAt === undefined) this.failures.push(this.#why || wire.why || "closed");
    this.readyAt = undefined;
    this.#timer = setTimeout(() => this.start(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }

  #frame(text: string): void {
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
    this.#wire?.write(encodeFrame(text));
  }
}
