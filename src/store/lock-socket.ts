import { connect, createServer, type Server } from "node:net";
import { basename } from "node:path";
import type { World } from "../lib/world.ts";

/** The longest answer that is read, in bytes. */
const longestAnswer = 4096;

/** Listens at `path`, a new name, and sends every caller the one line `answer`. */
export function listen(path: string, answer: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    // A caller that never hangs up must not keep the lock from being released.
    socket.end(`${answer}\n`, () => socket.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path }, () => {
      server.off("error", reject);
      // Running out of descriptors must not end the process: the caller finds out by its timeout.
      server.on("error", () => undefined);
      resolve(server);
    });
  });
}

/** Stops listening; the socket's file goes with it. */
export function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** `dead`: no process listens. `alive`: one does; `answer` is its line, if it gave one. */
export type Probe = { state: "dead" } | { state: "alive"; answer?: string };

/**
 * Calls a socket and reads one line. Only a refusal by the kernel, or no such file, counts as dead:
 * a holder that is stopped, slow or out of descriptors is alive. Rejects if it may not be called.
 */
export function probe(path: string, world: World, timeoutMs: number): Promise<Probe> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    let text = "";
    const finish = (outcome: Probe) => {
      timer.cancel();
      socket.destroy();
      resolve(outcome);
    };
    const timer = world.after(timeoutMs, () => finish({ state: "alive" }));
    socket.setEncoding("utf8");
    socket.on("data", (part) => {
      text += part;
      const end = text.indexOf("\n");
      if (end >= 0) finish({ state: "alive", answer: text.slice(0, end) });
      else if (text.length > longestAnswer) finish({ state: "alive" });
    });
    socket.on("end", () => finish({ state: "alive" }));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") finish({ state: "dead" });
      else if (error.code === "EAGAIN" || error.code === "ECONNRESET") finish({ state: "alive" });
      else {
        timer.cancel();
        reject(Object.assign(error, { path: basename(path) }));
      }
    });
  });
}
