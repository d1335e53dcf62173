// @ts-check
// Ports for gateways that tests, the bench and the compatibility run start, possibly many at once.
import { createServer } from "node:net";

/** Below the ports that the kernel gives to outgoing connections: one may be stopped and started again. */
const FROM = 20_000;
const BLOCKS = 100;
const IN_BLOCK = 100;

/** @type {Promise<number> | undefined} */
let block;
let next = 0;

/**
 * A port that no process has. Each process takes from a block of its own: a gateway that is stopped, or not
 * started yet, holds no port, and another process would be given the same one.
 * @returns {Promise<number>}
 */
export async function freePort() {
  block ??= ownBlock();
  const first = await block;
  for (let tries = 1; tries < IN_BLOCK; tries += 1) {
    // The first port of the block is what says whose it is.
    const port = first + 1 + (next++ % (IN_BLOCK - 1));
    const server = await listen(port);
    if (!server) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  throw new Error(`all ports from ${first} to ${first + IN_BLOCK - 1} are taken`);
}

/** The process that listens on its first port has the block: the kernel gives it back when it ends. */
async function ownBlock() {
  for (let tries = 0; tries < BLOCKS; tries += 1) {
    const first = FROM + IN_BLOCK * ((process.pid + tries) % BLOCKS);
    const holder = await listen(first);
    if (holder) {
      holder.unref();
      return first;
    }
  }
  throw new Error(`no free block of ports from ${FROM} on`);
}

/** @returns {Promise<import("node:net").Server | undefined>} */
function listen(/** @type {number} */ port) {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
