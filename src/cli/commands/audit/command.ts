import { declare } from "../../kit/declare.ts";

const verify = declare({
  name: "verify",
  summary: "follow the chain of lines and compare its end with the state",
}).runs(async () => (await import("./audit.ts")).verify);

/** `openclaw audit …` */
export const audit = declare({
  name: "audit",
  summary: "who decided what: pairing, tokens, links, secrets, configuration",
  shape: (command) =>
    command.option("--since <age>", "only what happened in this time, such as 24h or 30d"),
  under: [verify],
}).runs(async () => (await import("./audit.ts")).audit);
