import { ADMIN, READ } from "../protocol/access.ts";
import * as t from "../protocol/typed-schema.ts";
import { agentSchemas } from "../protocol/wire-schemas.ts";
import { method } from "./method.ts";
import * as results from "./results/status.ts";

const read = { roles: ["operator"], scope: READ } as const;

export const systemInfo = method({
  name: "system.info",
  summary: "The machine and the process: system, processors, memory, disk, uptime.",
  access: read,
  result: results.machine,
  run: async (_params, { services }) => {
    const { pid, uptimeMs } = services.lifecycle.info;
    return {
      ...(await services.machine()),
      pid,
      uptimeMs,
    };
  },
});

export const updateStatus = method({
  name: "update.status",
  summary: "Whether an update is known. This gateway looks for none by itself.",
  access: { roles: ["operator"], scope: ADMIN },
  params: agentSchemas.updateStatus,
  result: () => t.wire("UpdateStatusResult"),
  run: () => ({
    sentinel: null,
    updateAvailable: null,
    schedule: { channel: "stable", autoEnabled: false },
  }),
});

export const systemMethods = [systemInfo, updateStatus];
