import { fileURLToPath } from "node:url";
import { ForksPoolWorker, type PoolOptions } from "vitest/node";
import { whyNoVps } from "../../kit/vps-base.ts";

const starter = fileURLToPath(new URL("./own-network.sh", import.meta.url));

/** A process for one test file, with the machine it boots and everybody who connects to that. */
class Worker extends ForksPoolWorker {
  override readonly name = "own-network";

  constructor(options: PoolOptions) {
    super(options);
    this.env = { ...this.env, OWN_NETWORK_NODE: process.execPath };
  }

  override async start(): Promise<void> {
    const node = process.execPath;
    // Vitest takes no other program for its workers; it forks before it waits for anything.
    process.execPath = starter;
    try {
      return super.start();
    } finally {
      process.execPath = node;
    }
  }
}

/** How test files that boot machines are run: each in a network of its own, where that can be had. */
export const ownNetwork =
  whyNoVps() === undefined
    ? { name: "own-network", createPoolWorker: (options: PoolOptions) => new Worker(options) }
    : ("forks" as const);
