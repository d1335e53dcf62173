import { declare } from "../../kit/declare.ts";

/** `openclaw health` */
export const health = declare({
  name: "health",
  summary: "ask the gateway whether it is well",
}).runs(async () => (await import("./health.ts")).health);
