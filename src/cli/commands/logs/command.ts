import { openclaw } from "../../../protocol/command.ts";
import { declare } from "../../kit/declare.ts";

/** `openclaw logs` */
export const logs = declare({
  name: "logs",
  summary: "the gateway's log: from the gateway, or from where it wrote while it is down",
  shape: (command) =>
    command
      .option("-f, --follow", "go on as lines come")
      .option("--since <age>", "only lines of this last time: 90s, 15m, 12h, 2d")
      .option("--level <level>", "only these and worse: trace, debug, info, warn, error, fatal")
      .option("--limit <count>", "at most this many of the newest lines (200; up to 5000)"),
  completes: { level: ["trace", "debug", "info", "warn", "error", "fatal"] },
  about: `While the gateway runs these are the lines it keeps in memory; while it is down
they come from its log file, journald or pm2's file, and the first line says which.

With --follow what it says while it ends, and while a start fails, comes from there
too. Started by hand or in a container, without logging.file, it writes to none of
them: then that stands where its output goes, such as in docker logs.`,
  examples: [
    { what: "what went wrong lately", type: openclaw`logs --since 12h --level warn` },
    { what: "watch it", type: openclaw`logs -f` },
    { what: "for a program", type: openclaw`logs --json --limit 1000` },
  ],
}).runs(async () => (await import("./logs.ts")).logs);
