import { type Limit, limitTable } from "./limits.ts";
import { nodeHostLimitTable } from "./node-host-limits.ts";
import { proxyLimitTable } from "./proxy-limits.ts";
import { stateLimitTable } from "./state-limits.ts";
import { watchLimitTable } from "./watch-limits.ts";

/** The whole table, as the documentation prints it and a test holds it. */
export const allLimits: Readonly<Record<string, Limit>> = {
  ...limitTable,
  ...stateLimitTable,
  ...proxyLimitTable,
  ...nodeHostLimitTable,
  ...watchLimitTable,
};
