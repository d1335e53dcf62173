import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeIo } from "./io.ts";

export interface Asked {
  readonly method: string;
  readonly params: Record<string, unknown>;
}

/** Thrown by an answer to refuse the request. */
export class Refuse extends Error {
  constructor(readonly shape: Record<string, unknown>) {
    super(String(shape["message"]));
  }
}

export type Answers = Record<string, (params: Record<string, unknown>) => unknown>;

/** A real Unix socket that answers as the gateway's admin socket does, from a table. */
export class FakeAdmin {
  readonly folder = mkdtempSync(join(tmpdir(), "openclaw-cli-"));
  readonly path = join(this.folder, "admin.sock");
  readonly asked: Asked[] = [];
  answers: Answers = {};
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  async listen(): Promise<this> {
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
    return this;
  }

  /** A terminal whose commands talk to this server. */
  io(): FakeIo {
    const { PATH } = process.env;
    return new FakeIo({
      PATH,
      HOME: this.folder,
      OPENCLAW_STATE_DIR: join(this.folder, "state"),
      OPENCLAW_ADMIN_SOCKET: this.path,
    });
  }

  /** What was asked of one method. */
  askedOf(method: string): Record<string, unknown>[] {
    return this.asked.filter((one) => one.method === method).map(({ params }) => params);
  }

  /** Sends everybody an event. */
  tell(event: string, payload: object): void {
    const frame = JSON.stringify({ type: "event", event, payload });
    for (const socket of this.#sockets) socket.write(`${frame}\n`);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server?.close(() => resolve()) ?? resolve());
    this.#server = undefined;
  }

  async close(): Promise<void> {
    if (this.#server) await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    let rest = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#answer(socket, line);
    });
  }

  #answer(socket: Socket, line: string): void {
    const { id, method, params = {} } = JSON.parse(line);
    this.asked.push({ method, params });
    const reply = this.#reply(method, params);
    socket.write(`${JSON.stringify({ type: "res", id, ...reply })}\n`);
  }

  #reply(method: string, params: Record<string, unknown>): object {
    const answer = this.answers[method];
    const unknown = { code: "INVALID_REQUEST", message: `unknown method: ${method}` };
    if (!answer) return { ok: false, error: unknown };
    try {
      return { ok: true, payload: answer(params) };
    } catch (error) {
      if (error instanceof Refuse) return { ok: false, error: error.shape };
      throw error;
    }
  }
}
