import { type Limit, MINUTE } from "./limit.ts";

/** The limits of who decides on others: a part of the table in table.ts. */
export const decisionLimitTable = {
  codeFailures: {
    value: 10,
    unit: "count",
    bounds:
      "unknown request codes that one device, or connections without one from one address, name within `codeWindowMs`",
    past: "`UNAVAILABLE` `too many unknown codes; retry later` for `codeLockMs` when it names any code; the owner on the host is never locked",
    metric: "codes-locked",
    test: "methods/codes.test.ts",
  },
  codeWindowMs: {
    value: MINUTE,
    unit: "ms",
    bounds: "window in which unknown codes are counted",
    past: "the count starts anew",
    metric: "-",
    test: "methods/codes.test.ts",
  },
  codeLockMs: {
    value: 5 * MINUTE,
    unit: "ms",
    bounds: "lock after too many unknown codes",
    past: "the lock ends",
    metric: "-",
    test: "methods/codes.test.ts",
  },
  decisions: {
    value: 600,
    unit: "count",
    bounds:
      "decisions (approvals, rejections, renames, rotations, links, configuration …) of one device or SSH key, or of connections without one from one address, within `decisionsMs`",
    past: "`UNAVAILABLE` `too many decisions; retry later` until `decisionsMs` later; removing and revoking go on, and so does the owner on the host",
    metric: "decisions-refused",
    test: "audit/pace.test.ts",
  },
  decisionsMs: {
    value: 10 * MINUTE,
    unit: "ms",
    bounds: "window in which decisions are counted, and the pause after too many",
    past: "the count starts anew",
    metric: "-",
    test: "audit/pace.test.ts",
  },
  exceptDevices: {
    value: 64,
    unit: "count",
    bounds: "devices that `devices revoke-all` leaves as they are",
    past: "`INVALID_REQUEST` `invalid device.pair.revokeAll params`",
    metric: "-",
    test: "methods/revoke-all.test.ts",
  },
} as const satisfies Record<string, Limit>;
