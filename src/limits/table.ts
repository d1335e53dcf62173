import { auditLimitTable } from "./audit.ts";
import { authLimitTable } from "./auth.ts";
import { connectionLimitTable } from "./connections.ts";
import { decisionLimitTable } from "./decisions.ts";
import { deviceLimitTable } from "./devices.ts";
import { frameLimitTable } from "./frames.ts";
import { httpLimitTable } from "./http.ts";
import type { Limit } from "./limit.ts";
import { inviteLimitTable } from "./links.ts";
import { listLimitTable } from "./lists.ts";
import { localSocketLimitTable } from "./local-sockets.ts";
import { logLimitTable } from "./log.ts";
import { memoryLimitTable } from "./memory.ts";
import { proxyLimitTable } from "./nginx.ts";
import { nodeHostLimitTable } from "./node-host.ts";
import { nodeLimitTable } from "./nodes.ts";
import { notifyLimitTable } from "./notify.ts";
import { placeLimitTable } from "./places.ts";
import { presenceLimitTable } from "./presence.ts";
import { requestEventLimitTable } from "./request-events.ts";
import { requestLimitTable } from "./requests.ts";
import { socketLimitTable } from "./sockets.ts";
import { sshLimitTable } from "./ssh.ts";
import { stateLimitTable } from "./state.ts";
import { supervisionLimitTable } from "./supervision.ts";
import { watchLimitTable } from "./watch.ts";

/** Every limit of the gateway. What they let others take of memory at worst is in worst-case.ts. */
export const limitTable = {
  ...frameLimitTable,
  ...socketLimitTable,
  ...placeLimitTable,
  ...memoryLimitTable,
  ...requestLimitTable,
  ...requestEventLimitTable,
  ...inviteLimitTable,
  ...auditLimitTable,
  ...sshLimitTable,
  ...decisionLimitTable,
  ...listLimitTable,
  ...connectionLimitTable,
  ...authLimitTable,
  ...deviceLimitTable,
  ...presenceLimitTable,
  ...supervisionLimitTable,
  ...logLimitTable,
  ...localSocketLimitTable,
  ...httpLimitTable,
  ...nodeLimitTable,
  ...notifyLimitTable,
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limitTable;

/** The numbers alone: what services take, so that a test can use smaller ones. */
export type Limits = { readonly [name in LimitName]: number };

/** The table's numbers, with `overrides` in place of some. */
export function limitValues(overrides: Partial<Limits> = {}): Limits {
  const values = Object.fromEntries(
    Object.entries(limitTable).map(([name, limit]) => [name, limit.value]),
  ) as unknown as Limits;
  return { ...values, ...overrides };
}

/** The whole table, as the documentation prints it and a test holds it. */
export const allLimits: Readonly<Record<string, Limit>> = {
  ...limitTable,
  ...stateLimitTable,
  ...proxyLimitTable,
  ...nodeHostLimitTable,
  ...watchLimitTable,
};
