import { type Limit, MiB } from "./limit.ts";

/** The limits of long lists: part of the table in table.ts. */
export const listLimitTable = {
  listRows: {
    value: 10_000,
    unit: "count",
    bounds: "paired devices in one answer of `device.pair.list` without `limit`",
    past: "the newest are listed, with `truncated: true` and `nextCursor`",
    metric: "-",
    test: "methods/device-list.test.ts",
  },
  listPageRows: {
    value: 1000,
    unit: "count",
    bounds: "`limit` of `device.pair.list`",
    past: "`INVALID_REQUEST` `invalid device.pair.list params`",
    metric: "-",
    test: "methods/device-list.test.ts",
  },
  listBytes: {
    value: 8 * MiB,
    unit: "bytes",
    bounds: "paired rows in one answer of `device.pair.list`",
    past: "fewer rows are listed, with `nextCursor` (and `truncated: true` without `limit`)",
    metric: "-",
    test: "methods/device-list.test.ts",
  },
  listsAtOnce: {
    value: 2,
    unit: "count",
    bounds: "long answers of `device.pair.list` in the making",
    past: "the next one queues",
    metric: "-",
    test: "methods/device-list.test.ts",
  },
} as const satisfies Record<string, Limit>;
