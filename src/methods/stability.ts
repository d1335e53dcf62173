import { READ } from "../protocol/access.ts";
import { method } from "./method.ts";
import * as results from "./results/status.ts";

/**
 * `diagnostics.stability`: how often each refusal and close happened since the start. Other gateways
 * keep single events as well; here those are lines of the log, so `events` is empty and nothing is
 * ever dropped.
 */
export const stability = method({
  name: "diagnostics.stability",
  summary: "How often each refusal and close happened since the start, by its name.",
  access: { roles: ["operator"], scope: READ },
  result: results.stability,
  run: (_params, { services: { connections, world } }) => {
    const byType = Object.fromEntries(
      Object.entries(connections.closes()).filter(([, times]) => times > 0),
    );
    const count = Object.values(byType).reduce((sum, times) => sum + times, 0);
    const generatedAt = new Date(world.now()).toISOString();
    return {
      generatedAt,
      capacity: count,
      count,
      dropped: 0 as const,
      events: [],
      summary: { byType },
    };
  },
});
