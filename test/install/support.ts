import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script as `sh script words…`, with `env` beside what every login has. */
export function runScript(
  script: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const child = spawn("sh", [script, ...words], {
    env: { PATH: process.env["PATH"], HOME: "/root", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ code: code ?? -1, ...said }));
  });
}

/** A web server for one folder, on a free port of loopback; also as a proxy for whatever host. */
export class Publisher {
  readonly asked: string[] = [];
  private constructor(
    private readonly server: Server,
    private readonly folder: { path: string },
  ) {}

  static async start(path = ""): Promise<Publisher> {
    const folder = { path };
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://here");
      publisher.asked.push(request.url ?? "");
      readFile(join(folder.path, url.pathname)).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    const publisher = new Publisher(server, folder);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return publisher;
  }

  /** From now on this folder is published. */
  publish(path: string): void {
    this.folder.path = path;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
