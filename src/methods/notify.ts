import { ADMIN } from "../protocol/access.ts";
import { RequestError, unavailable } from "../protocol/errors.ts";
import { method } from "./method.ts";

/** The result of `host.notify.test`. */
export interface NotifyTested {
  /** Scheme, host and port of the webhook. */
  readonly to: string;
  readonly status: number;
  readonly ms: number;
}

export const notifyTest = method({
  name: "host.notify.test",
  summary: "Sends a test message to the webhook at once and says how that went.",
  access: { roles: ["operator"], scope: ADMIN, hostOnly: true },
  run: async (_params, { services }): Promise<NotifyTested> => {
    if (!services.notify) throw unavailable("the gateway is not running");
    const outcome = await services.notify.test();
    if (!outcome) throw unavailable("another test is under way", 1000);
    const { failure, to = "", status = 0, ms } = outcome;
    if (!failure) return { to, status, ms };
    throw new RequestError({
      code: "UNAVAILABLE",
      message: failure.message,
      retryable: failure.retry,
      details: { code: failure.code, cure: failure.next, to, status, ms },
    });
  },
});

export const notifyMethods = [notifyTest];
