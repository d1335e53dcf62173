import { declare } from "../../kit/declare.ts";

/** `openclaw status` */
export const status = declare({
  name: "status",
  summary: "figures: connections, pairing, store",
}).runs(async () => (await import("./status.ts")).status);
