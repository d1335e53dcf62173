import { type Limit, MiB } from "./limit.ts";

/** The limits of plain HTTP: part of the table in table.ts. */
export const httpLimitTable = {
  webFilesAtOnce: {
    value: 256,
    unit: "count",
    bounds: "files of `dashboard.root` that are being sent, in all (64 KiB of memory each)",
    past: "HTTP 503 `Too many files are being sent.`",
    metric: "web-files-refused",
    test: "transport/web-root.test.ts",
  },
  webFilesPerAddress: {
    value: 64,
    unit: "count",
    bounds: "files of `dashboard.root` that are being sent to one address (IPv6: /64)",
    past: "HTTP 503 `Too many files are being sent.`",
    metric: "web-files-refused",
    test: "transport/web-root.test.ts",
  },
  webFileBytes: {
    value: 16 * MiB,
    unit: "bytes",
    bounds: "one file of `dashboard.root`",
    past: "HTTP 404, as if it were not there",
    metric: "web-file-too-large",
    test: "transport/web-root.test.ts",
  },
} as const satisfies Record<string, Limit>;
