import type { Limit } from "./limit.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/** The limits of state and configuration files: the rest of the table in limits.ts. */
export const stateLimitTable = {
  journalBytes: {
    value: MiB,
    unit: "bytes",
    bounds: "one journal, or its snapshot's size if that is more",
    past: "the snapshot is written anew in the background",
    metric: "-",
    test: "store/limits.test.ts",
  },
  groupBytes: {
    value: MiB,
    unit: "bytes",
    bounds: "changes written and fsynced together",
    past: "the commits behind form the next group",
    metric: "-",
    test: "store/limits.test.ts",
  },
  commitBytes: {
    value: MiB,
    unit: "bytes",
    bounds: "one commit",
    past: "refused with STORE_TOO_LARGE",
    metric: "-",
    test: "store/document.test.ts",
  },
  waitingCommits: {
    value: 10_000,
    unit: "count",
    bounds: "commits that wait for the disk",
    past: "refused with STORE_BUSY",
    metric: "-",
    test: "store/document.test.ts",
  },
  waitingBytes: {
    value: 16 * MiB,
    unit: "bytes",
    bounds: "text of the commits that wait for the disk",
    past: "refused with STORE_BUSY",
    metric: "-",
    test: "store/limits.test.ts",
  },
  laterEntries: {
    value: 20_000,
    unit: "count",
    bounds: "unacknowledged changes kept for the next group",
    past: "they live in memory until the next snapshot",
    metric: "-",
    test: "store/document.test.ts",
  },
  laterMs: {
    value: 3000,
    unit: "ms",
    bounds: "time unacknowledged changes wait for company",
    past: "they are written alone",
    metric: "-",
    test: "store/limits.test.ts",
  },
  retryMs: {
    value: 1000,
    unit: "ms",
    bounds: "first pause before a failed write is tried again",
    past: "it doubles up to `retryMaxMs`",
    metric: "-",
    test: "store/faults.test.ts",
  },
  retryMaxMs: {
    value: 60_000,
    unit: "ms",
    bounds: "longest pause before a failed write is tried again",
    past: "-",
    metric: "-",
    test: "store/faults.test.ts",
  },
  reserveBytes: {
    value: 64 * KiB,
    unit: "bytes",
    bounds: "the file given up when the disk is full, so that a revocation still fits",
    past: "-",
    metric: "-",
    test: "store/faults.test.ts",
  },
  configBytes: {
    value: MiB,
    unit: "bytes",
    bounds: "the configuration file",
    past: "refused with CONFIG_READ",
    metric: "-",
    test: "config/load.test.ts",
  },
} as const satisfies Record<string, Limit>;
