import { connect } from "node:net";
import type { World } from "../lib/world.ts";

/** Where this process listens: a Unix socket's path, or a TCP address and port. */
export type ProbeTarget =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number };

export interface ProbeOptions {
  readonly world: World;
  readonly timeoutMs: number;
  /** Sockets that were closed without an answer so far, because there were too many. */
  readonly turnedAway?: () => number;
}

const REQUEST = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/**
 * Asks this process's own listener whether it lives, the way a proxy would: through the socket, the
 * kernel and the event loop. Resolves when `/healthz` answered 200; rejects with why not. A full
 * gateway hangs up on new connections, this probe's too: one more counted refusal shows as well
 * that it lives, and a restart would only end all connections. (Plain sockets: loading node:http
 * for one request would be felt at every start.)
 */
export function probeSelf(
  target: ProbeTarget,
  { world, timeoutMs, turnedAway = () => 0 }: ProbeOptions,
): Promise<void> {
  const before = turnedAway();
  return new Promise((resolve, reject) => {
    const socket = connect("socketPath" in target ? { path: target.socketPath } : target);
    let head = "";
    const late = new Error(`its own listener did not answer within ${timeoutMs} ms`);
    const deadline = world.after(timeoutMs, () => socket.destroy(late));
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.write(REQUEST));
    socket.on("data", (text: string) => {
      head += text;
      if (head.includes("\r\n")) socket.destroy();
    });
    let failure: Error | undefined;
    socket.on("error", (error) => {
      failure = error;
    });
    socket.on("close", () => {
      deadline.cancel();
      if (head === "" && turnedAway() > before && failure !== late) return resolve();
      if (failure) return reject(failure);
      const [status = ""] = head.split("\r\n");
      if (/^HTTP\/1\.1 200 /.test(status)) resolve();
      else reject(new Error(`its own listener answered "${status.slice(0, 80)}"`));
    });
  });
}
