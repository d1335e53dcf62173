import { ADMIN } from "../protocol/access.ts";
import { limitTable } from "../protocol/limits.ts";
import { method } from "./method.ts";

const access = { roles: ["operator"], scope: ADMIN, hostOnly: true } as const;

export const auditList = method<{ sinceMs?: number; limit?: number }>({
  name: "host.audit.list",
  summary: "The newest lines of the audit, oldest first.",
  access,
  params: {
    type: "object",
    properties: {
      sinceMs: { type: "integer", minimum: 0 },
      limit: { type: "integer", minimum: 1, maximum: limitTable.auditRows.value },
    },
  },
  run: async ({ sinceMs, limit = limitTable.auditRows.value }, { services }) => ({
    lines: await services.audit.read({ limit, ...(sinceMs !== undefined && { sinceMs }) }),
  }),
});

export const auditVerify = method({
  name: "host.audit.verify",
  summary: "Follows the audit's chain and compares its end with the state; names every fault.",
  access,
  run: (_params, { services }) => services.audit.verify(),
});

export const auditMethods = [auditList, auditVerify];
