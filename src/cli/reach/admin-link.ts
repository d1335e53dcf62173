import { connect, type Socket } from "node:net";
import { basename, dirname } from "node:path";
import { SocketFolder } from "../../lib/socket-folder.ts";
import { openclaw } from "../../protocol/command.ts";
import type { ErrorShape } from "../../protocol/frames.ts";
import { CliError } from "../kit/exit.ts";

/** A gateway that is alive accepts at once, even when busy: its kernel does. */
const connectMs = 5_000;
/** Longer than any method takes but the ones that wait for a person. */
const requestMs = 30_000;

/** A refusal of the gateway, as it came over the wire. */
export class GatewayRefusal extends Error {
  override readonly name = "GatewayRefusal";
  readonly code: string;
  readonly details: Record<string, unknown> | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(shape: ErrorShape) {
    super(shape.message);
    this.code = shape.code;
    this.details = shape.details;
    this.retryAfterMs = shape.retryAfterMs;
  }
}

interface Waiting {
  resolve(payload: unknown): void;
  reject(error: Error): void;
}

/** Told what comes without having been asked for. */
export interface LinkListener {
  event(name: string, payload: unknown): void;
  /** The connection is gone, and why. */
  ended(error: Error): void;
}

interface Reply {
  readonly type?: string;
  readonly event?: string;
  readonly id?: string;
  readonly ok?: boolean;
  readonly payload?: unknown;
  readonly error?: ErrorShape;
}

/** One connection to the admin socket: requests as lines, answers by id. */
export class AdminLink {
  #serial = 0;
  /** Pieces of the line that is not complete yet: a long list comes in thousands of them. */
  #pieces: string[] = [];
  readonly #waiting = new Map<string, Waiting>();
  /** Why the gateway wants nothing to do with this connection, if it said so. */
  #refused: GatewayRefusal | undefined;
  #listener: LinkListener | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => this.#data(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      const why = this.#refused ?? hungUp();
      this.#failAll(why);
      this.#listener?.ended(why);
    });
  }

  /**
   * Dials the admin socket.
   * @throws Error of the system (`code` such as ENOENT) where no gateway answers
   */
  static async open(path: string): Promise<AdminLink> {
    const name = basename(path);
    const folder = await SocketFolder.open(dirname(path), Buffer.byteLength(name));
    try {
      return new AdminLink(await dial(folder.socket(name)));
    } finally {
      await folder.close();
    }
  }

  /** Before the first request: what comes earlier is not kept. */
  listen(listener: LinkListener): void {
    this.#listener = listener;
  }

  /** Rejects with a {@link GatewayRefusal}, or a CliError when no answer comes. */
  request(method: string, params: unknown = {}, timeoutMs = requestMs): Promise<unknown> {
    this.#serial += 1;
    const id = String(this.#serial);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(noAnswer(method, timeoutMs));
      }, timeoutMs);
      const settle = <T>(then: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          then(value);
        };
      };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      if (!this.socket.writable) return this.#failAll(this.#refused ?? hungUp());
      const frame = { type: "req", id, method, params, claims: claims() };
      this.socket.write(`${JSON.stringify(frame)}
`);
    });
  }

  async close(): Promise<void> {
    this.#listener = undefined;
    this.socket.destroy();
  }

  #data(chunk: string): void {
    const [end = "", ...more] = chunk.split("\n");
    this.#pieces.push(end);
    for (const start of more) {
      const line = this.#pieces.join("");
      this.#pieces = [start];
      if (line !== "") this.#line(line);
    }
  }

  #line(line: string): void {
    let reply: Reply;
    try {
      reply = JSON.parse(line) as Reply;
    } catch {
      const message = "something else than a gateway answers on the admin socket";
      return this.#failAll(new CliError("unreachable", message));
    }
    if (reply.type === "event") this.#listener?.event(reply.event ?? "", reply.payload);
    if (reply.type !== "res") return;
    const waiting = this.#waiting.get(reply.id ?? "");
    const error = reply.error ?? { code: "UNAVAILABLE", message: "the answer holds no reason" };
    // A refusal before any frame was understood (too many connections) concerns every request.
    if (!waiting && !reply.ok) {
      this.#refused = new GatewayRefusal(error);
      return this.#failAll(this.#refused);
    }
    this.#waiting.delete(reply.id ?? "");
    if (reply.ok) waiting?.resolve(reply.payload);
    else waiting?.reject(new GatewayRefusal(error));
  }

  #failAll(error: Error): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

/** Who runs this, for the audit. Node has no peer credentials, so the gateway can only take our word. */
function claims(): string {
  const uid = process.geteuid?.() ?? "unknown";
  const sudo = process.env["SUDO_USER"];
  return `uid ${uid}${sudo ? `, by sudo from ${sudo}` : ""}`;
}

function dial(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(Object.assign(new Error("the admin socket does not answer"), { code: "ETIMEDOUT" }));
    }, connectMs);
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

function hungUp(): CliError {
  return new CliError("unreachable", "the gateway ended the connection without an answer", {
    next: openclaw`gateway status`,
  });
}

function noAnswer(method: string, ms: number): CliError {
  return new CliError("unreachable", `no answer to ${method} within ${ms / 1000} s`, {
    next: openclaw`gateway status`,
  });
}
