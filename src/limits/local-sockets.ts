import { type Limit, MiB } from "./limit.ts";

/** The limits of the sockets for the command line: a part of the table in table.ts. */
export const localSocketLimitTable = {
  adminConnections: {
    value: 64,
    unit: "count",
    bounds: "command-line connections on the admin socket",
    past: "the next one is closed with `too many admin connections`",
    metric: "admin-refused",
    test: "transport/local-socket.test.ts",
  },
  adminFrameBytes: {
    value: MiB,
    unit: "bytes",
    bounds: "one frame on the admin socket",
    past: "that connection is closed with `frame too large`",
    metric: "admin-refused",
    test: "transport/local-socket.test.ts",
  },
  adminQueueBytes: {
    value: MiB,
    unit: "bytes",
    bounds: "events that a connection on the admin socket asked for and did not read",
    past: "that connection is closed with `events were not read in time`",
    metric: "admin-slow",
    test: "transport/local-socket.test.ts",
  },
} as const satisfies Record<string, Limit>;
