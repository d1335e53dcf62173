import { KiB, type Limit, MiB } from "./limit.ts";

/** The limits of the log: part of the table in table.ts. */
export const logLimitTable = {
  logLinesPerSecond: {
    value: 20,
    unit: "count",
    bounds: "log lines about refusals and closes in one second (and as many about failures)",
    past: "one summary line a second, with how many of each kind were left out",
    metric: "log-left-out",
    test: "lib/bounded-log.test.ts",
  },
  logBytesPerSecond: {
    value: 16 * KiB,
    unit: "bytes",
    bounds: "log lines about refusals, closes and requests in one second",
    past: "as past `logLinesPerSecond`",
    metric: "log-left-out",
    test: "lib/bounded-log.test.ts",
  },
  logFileBytes: {
    value: 16 * MiB,
    unit: "bytes",
    bounds:
      "the file that `logging.file` names, beside what was in it before and is no log of ours",
    past: "it becomes `FILE.1` and another one begins; where it can't be moved it begins anew itself",
    metric: "-",
    test: "lib/log-file.test.ts",
  },
  logFilesKept: {
    value: 4,
    unit: "count",
    bounds: "older files of the log, `FILE.1` to `FILE.4`: 80 MiB with the one that is written",
    past: "the oldest is removed, and one that is larger than `logFileBytes`; a file of such a name that is no log of ours stays, and one less is kept",
    metric: "-",
    test: "lib/log-file.test.ts",
  },
  logBufferBytes: {
    value: MiB,
    unit: "bytes",
    bounds: "log text that a full disk or a stuck reader has not taken yet",
    past: "newer lines are lost until it takes some",
    metric: "-",
    test: "lib/log-file.test.ts",
  },
  logRingBytes: {
    value: MiB,
    unit: "bytes",
    bounds: "the last lines of the log, kept in memory for `logs.tail`",
    past: "the oldest lines are dropped; whoever had not read them gets `reset: true`",
    metric: "-",
    test: "lib/log-ring.test.ts",
  },
  logRingLineChars: {
    value: 16 * KiB,
    unit: "count",
    bounds: "characters of one of those lines",
    past: "it keeps its time, its level and the start of its words, with `cut: true`",
    metric: "-",
    test: "lib/log-ring.test.ts",
  },
  logTailLines: {
    value: 5000,
    unit: "count",
    bounds: "`limit` of `logs.tail` (500 when none is given)",
    past: "`INVALID_REQUEST` `invalid logs.tail params`",
    metric: "-",
    test: "methods/logs.test.ts",
  },
  logTailBytes: {
    value: 1_000_000,
    unit: "bytes",
    bounds: "`maxBytes` of `logs.tail` (250,000 when none is given)",
    past: "`INVALID_REQUEST` `invalid logs.tail params`",
    metric: "-",
    test: "methods/logs.test.ts",
  },
} as const satisfies Record<string, Limit>;
