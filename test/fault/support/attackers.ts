import { connect as connectTcp, type Socket } from "node:net";
import WebSocket from "ws";
import { connectParams, type Frame, makeDevice, RawClient } from "../../kit/client.ts";
import { type GatewayProcess, PROCESS_TOKEN } from "../../kit/process.ts";
import { HANG_MS, until } from "../../kit/until.ts";
import { changed, changeText, DEVICES, type Handshake } from "./hostile.ts";

const devices = Array.from({ length: DEVICES }, makeDevice);
const ADDRESSES = 1_000;

const credentials = {
  right: { token: PROCESS_TOKEN },
  wrong: { token: "wrong-token" },
  password: { password: "wrong-password" },
  "device-token": { deviceToken: "A".repeat(43) },
  invite: { bootstrapToken: "B".repeat(43) },
  none: undefined,
} as const;

/** Many addresses of this machine, so that limits per address do not end the test early. */
function addressOf(serial: number): string {
  const n = serial % ADDRESSES;
  return `127.0.${1 + Math.floor(n / 250)}.${1 + (n % 250)}`;
}

/** Runs `work` over `items`, at most `atOnce` at a time. */
export async function each<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next;
      next += 1;
      await work(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** The frame that a plan sends first. */
function connectText(plan: Extract<Handshake, { kind: "connect" }>, challenge: Frame): string {
  const auth = credentials[plan.auth];
  const params = connectParams(challenge, {
    device: devices[plan.device] ?? makeDevice(),
    ...(auth && { auth }),
    scopes: ["operator.read"],
    ...(plan.waits && { caps: ["pairing-wait"] }),
  });
  const frame = changed({ type: "req", id: "1", method: "connect", params }, plan.changes);
  return changeText(JSON.stringify(frame) ?? "undefined", plan.text);
}

/** One misbehaving client. Rejects when the gateway lets it in, hangs, or closes without a reason. */
export async function misbehave(
  gateway: GatewayProcess,
  plan: Handshake,
  serial: number,
): Promise<void> {
  const localAddress = addressOf(serial);
  if (plan.kind === "tcp") return brokenTcp(gateway.port, localAddress, plan);
  const ws = new WebSocket(gateway.url, { localAddress });
  ws.on("error", () => undefined);
  let sent = "";
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
  });
  const answered = new Promise<Frame>((resolve) => {
    ws.on("message", (data) => {
      const frame = JSON.parse(String(data));
      if (frame.event === "connect.challenge") sent = sendPlan(ws, plan, frame.payload);
      else resolve(frame);
    });
  });
  try {
    const first = await within(Promise.race([closed, answered]), () => `no answer to ${sent}`);
    if ("code" in first) return checkClose(first, plan);
    checkAnswer(first, sent);
    const stays = first.ok || first.error?.details?.waiting === true;
    if (!stays) checkClose(await within(closed, () => `no close after ${sent}`), plan);
  } finally {
    ws.terminate();
  }
}

/** Sends what the plan says; returns it as text, for the report. */
function sendPlan(ws: WebSocket, plan: Handshake, challenge: Frame): string {
  switch (plan.kind) {
    case "connect": {
      const text = connectText(plan, challenge);
      ws.send(plan.binary ? Buffer.from(text) : text, { binary: plan.binary });
      for (let i = 0; i < plan.behind; i += 1) {
        ws.send(JSON.stringify({ type: "req", id: `b${i}`, method: "health" }));
      }
      return text;
    }
    case "text":
      ws.send(plan.text);
      return plan.text;
    case "bytes":
      ws.send(plan.bytes, { binary: plan.binary });
      return Buffer.from(plan.bytes).toString("base64");
    case "large":
      ws.send("x".repeat(plan.bytes));
      return `${plan.bytes} bytes`;
    case "fragments":
      for (const text of plan.texts) ws.send(text, { fin: false });
      ws.send("!", { fin: true });
      return plan.texts.join(" + ");
    case "tcp":
      return "";
  }
}

function checkClose(close: { code: number; reason: string }, plan: Handshake): void {
  // A text frame that is no UTF-8 breaks the WebSocket protocol itself: the socket just ends.
  if (close.code === 1006 && plan.kind === "bytes" && !plan.binary) return;
  const known = [1000, 1002, 1008, 1009, 1013].includes(close.code);
  if (known && close.reason !== "") return;
  throw new Error(`closed ${close.code} “${close.reason}” after ${JSON.stringify(plan)}`);
}

function checkAnswer(frame: Frame, sent: string): void {
  if (frame.type !== "res" || typeof frame.ok !== "boolean") {
    throw new Error(`odd answer ${JSON.stringify(frame)} to ${sent}`);
  }
  // Only the device-less exception lets anybody in here, and only with the right token.
  if (!frame.ok) return;
  const { auth, device } = JSON.parse(sent).params;
  const right = auth?.token === PROCESS_TOKEN || auth?.password === PROCESS_TOKEN;
  if (!right || device !== undefined) throw new Error(`let in by ${sent}`);
}

/** Bytes that are no HTTP, or no WebSocket frames behind a right upgrade. */
function brokenTcp(
  port: number,
  localAddress: string,
  plan: Extract<Handshake, { kind: "tcp" }>,
): Promise<void> {
  const socket = connectTcp({ port, host: "127.0.0.1", localAddress });
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
    socket.on("error", () => undefined);
  });
  const break_ = () => socket.end(plan.bytes);
  if (plan.upgrade) {
    socket.write(
      "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    socket.once("data", () => {
      break_();
      socket.resume();
    });
  } else {
    socket.once("connect", break_);
    socket.resume();
  }
  return within(closed, () => `socket left open after ${JSON.stringify(plan)}`);
}

async function within<T>(promise: Promise<T>, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(what().slice(0, 2_000))), HANG_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A paired client that sends nonsense on a connection that was let in. */
export class Insider {
  #client: RawClient | undefined;
  #serial = 0;

  constructor(
    private readonly gateway: GatewayProcess,
    private readonly options: Parameters<RawClient["connect"]>[0] & object,
  ) {}

  async connect(): Promise<RawClient> {
    const client = await RawClient.open(this.gateway.url);
    const hello = await client.connect(this.options);
    if (!hello.ok) throw new Error(`not let in: ${JSON.stringify(hello.error)}`);
    this.#client = client;
    return client;
  }

  /** Sends frames; resolves once a request behind them was answered. All answers must be in form. */
  async send(frames: readonly (string | Uint8Array)[]): Promise<void> {
    const client = this.#client?.closed
      ? await this.connect()
      : (this.#client ?? (await this.connect()));
    client.frames.length = 0;
    for (const frame of frames) client.ws.send(frame);
    this.#serial += 1;
    const answer = await client.request("health", undefined, `check ${this.#serial}`);
    if (!answer.ok) throw new Error(`health refused: ${JSON.stringify(answer.error)}`);
    for (const frame of client.frames) checkForm(frame);
  }

  close(): void {
    this.#client?.close();
  }
}

function checkForm(frame: Frame): void {
  const event = frame.type === "event" && typeof frame.event === "string";
  const error = frame.ok === false && typeof frame.error?.code === "string" && frame.error.message;
  const answer =
    frame.type === "res" && typeof frame.id === "string" && (frame.ok === true || error);
  if (!event && !answer) throw new Error(`odd frame: ${JSON.stringify(frame).slice(0, 500)}`);
}

/** What would end the test itself when the owner's own socket carries it. */
const ENDING = /host\.(stop|restart|secret\.set|token\.new|config\.set|config\.migrate)/g;

/** The admin socket as a program misuses it that is allowed to use it. */
export class BrokenTool {
  #socket: Socket | undefined;
  #text = "";
  #serial = 0;

  constructor(private readonly path: string) {}

  async send(frames: readonly (string | Uint8Array)[]): Promise<void> {
    const socket = this.#open();
    for (const frame of frames) {
      const text = typeof frame === "string" ? frame.replace(ENDING, "host.nothing") : frame;
      socket.write(text);
      socket.write("\n");
    }
    this.#serial += 1;
    const id = `tool ${this.#serial}`;
    socket.write(`${JSON.stringify({ type: "req", id, method: "health" })}\n`);
    await until(() => this.#text.includes(`"id":"${id}","ok":true`), `the answer to ${id}`);
    this.#text = "";
  }

  #open(): Socket {
    if (this.#socket && !this.#socket.destroyed) return this.#socket;
    const socket = connectTcp(this.path);
    socket.on("error", () => undefined);
    socket.setEncoding("utf8").on("data", (text: string) => {
      this.#text += text;
    });
    this.#socket = socket;
    return socket;
  }

  close(): void {
    this.#socket?.destroy();
  }
}
