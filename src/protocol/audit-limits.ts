import type { Limit } from "./limits.ts";

/** The limits of the audit: a part of the table in limits.ts. */
export const auditLimitTable = {
  auditFileBytes: {
    value: 8 * 1024 * 1024,
    unit: "bytes",
    bounds: "one file of the audit (about 20,000 lines)",
    past: "the next line begins another file, chained to this one",
    metric: "-",
    test: "audit/files.test.ts",
  },
  auditFiles: {
    value: 64,
    unit: "count",
    bounds: "files of the audit",
    past: "the oldest is removed; the state keeps where the chain then begins",
    metric: "-",
    test: "audit/files.test.ts",
  },
  auditRows: {
    value: 10_000,
    unit: "count",
    bounds: "lines of the audit in one answer",
    past: "the newest ones; older ones are in the files",
    metric: "-",
    test: "audit/files.test.ts",
  },
  auditFaults: {
    value: 1000,
    unit: "count",
    bounds: "faults that `openclaw audit verify` names",
    past: "the rest is counted",
    metric: "-",
    test: "audit/chain.test.ts",
  },
  auditOutbox: {
    value: 4096,
    unit: "count",
    bounds: "lines that are durable in the state and not in the audit's file yet",
    past: "approvals and links are refused; revoking and rejecting go on",
    metric: "-",
    test: "audit/pairing.test.ts",
  },
  auditLockoutsPerHour: {
    value: 60,
    unit: "count",
    bounds:
      "lines about lockouts in one hour, for wrong credentials and for unknown codes each: strangers cause them",
    past: "they are counted, and the next hour's first line says how many were left out",
    metric: "-",
    test: "audit/chain.test.ts",
  },
} as const satisfies Record<string, Limit>;
