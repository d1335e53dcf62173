import { limitTable } from "../limits/table.ts";
import { ADMIN } from "../protocol/access.ts";
import { openclaw } from "../protocol/command.ts";
import { invalidRequest } from "../protocol/errors.ts";
import * as t from "../protocol/typed-schema.ts";
import { method } from "./method.ts";
import { auditPage, auditVerdict } from "./results/host.ts";

const access = { roles: ["operator"], scope: ADMIN, hostOnly: true } as const;

export const auditList = method({
  name: "host.audit.list",
  summary:
    "The newest lines of the audit, oldest first; with `cursor` (empty, then that of the answer before, until an answer has none) all of them, page by page.",
  access,
  params: t.object(
    {},
    {
      sinceMs: t.integer({ minimum: 0 }),
      limit: t.integer({ minimum: 1, maximum: limitTable.auditRows.value }),
      cursor: t.string({ maxLength: 128 }),
    },
  ),
  result: auditPage,
  run: async ({ sinceMs, limit, cursor }, { services }) => {
    const { auditRows, auditAnswerBytes: bytes, auditScanBytes: scanBytes } = services.limits;
    const rows = Math.min(limit ?? auditRows, auditRows);
    const since = sinceMs === undefined ? {} : { sinceMs };
    if (cursor === undefined) {
      return { lines: await services.audit.read({ limit: rows, bytes, ...since }) };
    }
    const limits = { rows, bytes, scanBytes };
    const page = await services.audit.page({ cursor, limits, ...since });
    if (!page) throw invalidRequest("unknown cursor", { next: openclaw`audit` });
    return page;
  },
});

export const auditVerify = method({
  name: "host.audit.verify",
  summary: "Follows the audit's chain and compares its end with the state; names every fault.",
  access,
  result: auditVerdict,
  run: (_params, { services }) => services.audit.verify(),
});

export const auditMethods = [auditList, auditVerify];
