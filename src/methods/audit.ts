import { limitTable } from "../limits/table.ts";
import { ADMIN } from "../protocol/access.ts";
import { invalidRequest } from "../protocol/errors.ts";
import { method } from "./method.ts";

const access = { roles: ["operator"], scope: ADMIN, hostOnly: true } as const;

interface ListParams {
  readonly sinceMs?: number;
  readonly limit?: number;
  readonly cursor?: string;
}

export const auditList = method<ListParams>({
  name: "host.audit.list",
  summary:
    "The newest lines of the audit, oldest first; with `cursor` (empty, then that of the answer before, until an answer has none) all of them, page by page.",
  access,
  params: {
    type: "object",
    properties: {
      sinceMs: { type: "integer", minimum: 0 },
      limit: { type: "integer", minimum: 1, maximum: limitTable.auditRows.value },
      cursor: { type: "string", maxLength: 128 },
    },
  },
  run: async ({ sinceMs, limit, cursor }, { services }) => {
    const { auditRows, auditAnswerBytes: bytes, auditScanBytes: scanBytes } = services.limits;
    const rows = Math.min(limit ?? auditRows, auditRows);
    const since = sinceMs === undefined ? {} : { sinceMs };
    if (cursor === undefined) {
      return { lines: await services.audit.read({ limit: rows, bytes, ...since }) };
    }
    const limits = { rows, bytes, scanBytes };
    const page = await services.audit.page({ cursor, limits, ...since });
    if (!page) throw invalidRequest("unknown cursor", { cure: "openclaw audit" });
    return page;
  },
});

export const auditVerify = method({
  name: "host.audit.verify",
  summary: "Follows the audit's chain and compares its end with the state; names every fault.",
  access,
  run: (_params, { services }) => services.audit.verify(),
});

export const auditMethods = [auditList, auditVerify];
