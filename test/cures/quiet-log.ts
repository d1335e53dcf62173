import type { openLog } from "../../src/main/log.ts";

type OpenLog = Awaited<ReturnType<typeof openLog>>;

/** Why gateways could not start, newest last. */
export const fatal: unknown[] = [];

/** A log that is written nowhere: what it would say passes through `plainText` all the same. */
export function quiet(): OpenLog {
  const none = () => {};
  const died = (facts: object, message: string) => void fatal.push({ message, ...facts });
  const log = { level: "info", debug: none, info: none, warn: none, error: none, fatal: died };
  const whole = { ...log, child: () => whole };
  return { log: whole, close: async () => {}, reopen: none } as unknown as OpenLog;
}
