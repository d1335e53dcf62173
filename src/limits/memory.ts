import { KiB, type Limit, MiB } from "./limit.ts";
import { byMemory, fitting } from "./usable-memory.ts";

/** The limits of what is held in memory for clients: a part of the table in table.ts. */
export const memoryLimitTable = {
  unauthenticatedBytes: {
    value: 64 * KiB,
    unit: "bytes",
    bounds:
      "what is held for one socket before hello-ok and while it waits: what it has not read, pongs too, and the frames behind its connect",
    past: "the socket is dropped without a close frame; for frames, close 1008 `too many pending handshake frames`",
    metric: "unread-dropped",
    test: "gateway/held.test.ts",
  },
  heldBytes: {
    value: fitting(byMemory.heldBytes),
    unit: "bytes",
    bounds:
      "what is held for all sockets and HTTP answers together: what they have not read, frames behind connects, requests that run, answers of invokes that are kept for who repeats them (a sixteenth of memory at most, 16 MiB to 2 GiB)",
    past: "of the device or address that holds most (of those without hello-ok, while these hold more than half) the largest socket, answer or share of kept answers is dropped, until it is enough",
    metric: "memory-evicted",
    test: "gateway/memory.test.ts",
  },
  adminBufferedBytes: {
    value: 16 * MiB,
    unit: "bytes",
    bounds: "answers that a connection on the admin or approve socket did not read",
    past: "that connection is dropped",
    metric: "admin-slow",
    test: "transport/local-socket.test.ts",
  },
} as const satisfies Record<string, Limit>;
