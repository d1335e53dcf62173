import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";

/** While `use` runs, this is what happens to whoever comes to that socket. */
export async function listening<T>(
  path: string,
  come: (socket: Socket) => void,
  use: () => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    come(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    return await use();
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(path, { force: true });
  }
}
