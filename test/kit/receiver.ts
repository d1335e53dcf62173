import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "./until.ts";

/** One request as a receiver of webhooks gets it. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** How a receiver answers; status 200 with nothing to say by default. */
export type Answer = (received: Received, response: ServerResponse) => void;

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A real HTTP(S) server on 127.0.0.1 that keeps what it is sent. */
export class Receiver {
  readonly received: Received[] = [];
  /** Connections that were opened to it, whatever came over them. */
  connections = 0;
  answer: Answer = (_received, response) => response.end("ok");
  readonly #sockets = new Set<Socket>();
  #port = 0;
  readonly #server;

  private constructor(private readonly certificate: Certificate | undefined) {
    const handle = (request: IncomingMessage, response: ServerResponse) => {
      let body = "";
      request.setEncoding("utf8").on("data", (part: string) => {
        body += part;
      });
      request.on("end", () => {
        const { method = "", url: path = "", headers } = request;
        const received = { method, path, headers, body };
        this.received.push(received);
        this.answer(received, response);
      });
    };
    this.#server = certificate ? createTlsServer(certificate, handle) : createServer(handle);
    this.#server.on("connection", (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => this.#sockets.delete(socket));
    });
    // Whoever does not trust the certificate hangs up in the middle.
    this.#server.on("tlsClientError", () => undefined);
  }

  static async open(certificate?: Certificate): Promise<Receiver> {
    const receiver = new Receiver(certificate);
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    receiver.#port = (receiver.#server.address() as AddressInfo).port;
    return receiver;
  }

  get port(): number {
    return this.#port;
  }

  get origin(): string {
    return `${this.certificate ? "https" : "http"}://127.0.0.1:${this.#port}`;
  }

  /** Resolves with the `nth` request, counted from 1, once it is there. */
  request(nth = 1, timeoutMs?: number): Promise<Received> {
    return until(() => this.received[nth - 1], `webhook request ${nth}`, timeoutMs);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A certificate for `names` (and 127.0.0.1) that nobody trusts unless told to; valid `days` from now. */
export async function certificate(names: string, days = 2): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), "cert-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const name = ["-subj", "/CN=test", "-addext", `subjectAltName=${names}`];
    const args = ["req", ...kind, ...name, "-days", String(days), "-keyout", key, "-out", cert];
    await promisify(execFile)("openssl", args);
    return { cert: await readFile(cert, "utf8"), key: await readFile(key, "utf8") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
