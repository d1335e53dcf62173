import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** One mail as it was handed over. */
export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** By name, in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A real SMTP server on 127.0.0.1 that takes whatever comes and keeps it. */
export class MailServer {
  readonly mails: Mail[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => this.#talk(socket));
  }

  static async open(): Promise<MailServer> {
    const server = new MailServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #talk(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    const say = (line: string) => socket.write(`${line}\r\n`);
    let [from, to, data, rest]: [string, string[], string[] | undefined, string] = [
      "",
      [],
      undefined,
      "",
    ];
    const line = (text: string) => {
      if (data && text === ".") {
        this.mails.push(parse(from, to, data));
        [to, data] = [[], undefined];
        return say("250 taken");
      }
      if (data) return data.push(text.replace(/^\.\./, "."));
      const [, verb = "", address = ""] = /^(\w+)[^<]*(?:<(.*)>)?/.exec(text) ?? [];
      if (/^mail$/i.test(verb)) from = address;
      if (/^rcpt$/i.test(verb)) to.push(address);
      if (/^data$/i.test(verb)) {
        data = [];
        return say("354 go on");
      }
      if (/^quit$/i.test(verb)) return socket.end("221 bye\r\n");
      return say("250 ok");
    };
    socket.setEncoding("utf8").on("data", (part: string) => {
      const lines = (rest + part).split("\r\n");
      rest = lines.pop() ?? "";
      for (const one of lines) line(one);
    });
    say("220 test");
  }
}

function parse(from: string, to: readonly string[], lines: readonly string[]): Mail {
  const end = lines.indexOf("");
  const headers = lines.slice(0, end).map((line) => {
    const at = line.indexOf(":");
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  });
  return { from, to, headers: Object.fromEntries(headers), body: lines.slice(end + 1).join("\n") };
}
