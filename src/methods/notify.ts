import { ADMIN } from "../protocol/access.ts";
import { RequestError, unavailable, wireDetails } from "../protocol/errors.ts";
import * as t from "../protocol/typed-schema.ts";
import { method } from "./method.ts";

/** When a webhook that failed for now is worth another test, in milliseconds. */
const RETRY_MS = 5000;

export const notifyTest = method({
  name: "host.notify.test",
  summary: "Sends a test message to the webhook at once and says how that went.",
  access: { roles: ["operator"], scope: ADMIN, hostOnly: true },
  // `to`: scheme, host and port of the webhook.
  result: () => t.object({ to: t.string(), status: t.integer(), ms: t.integer() }),
  run: async (_params, { services }) => {
    if (!services.notify) throw unavailable("the gateway is not running");
    const outcome = await services.notify.test();
    if (!outcome) throw unavailable("another test is under way", 1000);
    const { failure, to = "", status = 0, ms } = outcome;
    if (!failure) return { to, status, ms };
    throw new RequestError({
      code: "UNAVAILABLE",
      message: failure.message,
      ...(failure.retry
        ? { retryable: true as const, retryAfterMs: RETRY_MS }
        : { retryable: false as const }),
      details: wireDetails({ code: failure.code, next: failure.next, to, status, ms }),
    });
  },
});

export const notifyMethods = [notifyTest];
