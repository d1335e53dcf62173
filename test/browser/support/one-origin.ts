import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

/** A proxy that shows several gateways on one origin, each under a folder of its own, such as `/a/`. */
export class OneOrigin {
  readonly #sockets = new Set<Duplex>();

  private constructor(
    readonly server: Server,
    private readonly ports: Readonly<Record<string, number>>,
  ) {}

  /** `ports`: of the gateways, by the names of their folders. */
  static async start(ports: Readonly<Record<string, number>>): Promise<OneOrigin> {
    const server = createServer();
    const proxy = new OneOrigin(server, ports);
    server.on("request", (asked, answer) => {
      const onward = proxy.#onward(asked);
      onward.on("response", (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      });
      asked.pipe(onward);
    });
    server.on("upgrade", (asked, socket) => {
      const onward = proxy.#onward(asked);
      onward.on("upgrade", (got, other, first) => {
        proxy.#accept(socket, got);
        // What the gateway says at once may come with its answer.
        socket.write(first);
        proxy.#join(socket, other);
      });
      onward.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** The page of the gateway in `folder`. */
  page(folder: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${folder}/`;
  }

  #onward({ url = "/", method, headers }: IncomingMessage) {
    const [, folder = "", rest = ""] = /^\/(\w+)(\/.*)$/.exec(url) ?? [];
    const onward = request({
      host: "127.0.0.1",
      port: this.ports[folder],
      path: rest,
      method,
      headers,
    });
    onward.on("error", () => {});
    return onward;
  }

  #accept(socket: Duplex, { headers }: IncomingMessage): void {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
  }

  #join(socket: Duplex, other: Duplex): void {
    for (const [from, to] of [
      [socket, other],
      [other, socket],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
