import { connect } from "node:net";
import type { World } from "../lib/world.ts";

/** Where this process listens: a Unix socket's path, or a TCP address and port. */
export type ProbeTarget =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number };

const REQUEST = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/**
 * Asks this process's own listener whether it lives, the way a proxy would: through the socket, the
 * kernel and the event loop. Resolves when `/healthz` answered 200; rejects with why not. (Plain
 * sockets: loading node:http for one request would be felt at every start.)
 */
export function probeSelf(
  target: ProbeTarget,
  { world, timeoutMs }: { world: World; timeoutMs: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect("socketPath" in target ? { path: target.socketPath } : target);
    let head = "";
    const late = `its own listener did not answer within ${timeoutMs} ms`;
    const deadline = world.after(timeoutMs, () => socket.destroy(new Error(late)));
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.write(REQUEST));
    socket.on("data", (text: string) => {
      head += text;
      if (head.includes("\r\n")) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => {
      deadline.cancel();
      const [status = ""] = head.split("\r\n");
      if (/^HTTP\/1\.1 200 /.test(status)) resolve();
      else reject(new Error(`its own listener answered "${status.slice(0, 80)}"`));
    });
  });
}
