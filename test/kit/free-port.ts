import { createServer } from "node:net";

const PORTS_FROM = 20_000;
const PORTS = 10_000;
const PORTS_OF_ONE = 100;
const given = new Set<number>();

/**
 * A port that nobody has, below those the kernel gives to outgoing connections: a gateway that is
 * started again must find it free. Each process takes from ports of its own, because a gateway that is
 * stopped, or not started yet, holds none, and another test file would be given the same one.
 */
export async function freePort(): Promise<number> {
  const own = PORTS_FROM + ((process.pid * PORTS_OF_ONE) % PORTS);
  for (;;) {
    const port = own + Math.floor(Math.random() * PORTS_OF_ONE);
    if (given.size < PORTS_OF_ONE / 2 && given.has(port)) continue;
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (!free) continue;
    given.add(port);
    return port;
  }
}
