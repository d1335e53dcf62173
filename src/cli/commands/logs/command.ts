import { lazily, type Shell } from "../../kit/shell.ts";

const HELP = `
Examples:
  what went wrong lately   openclaw logs --since 12h --level warn
  watch it                 openclaw logs -f
  for a program            openclaw logs --json --limit 1000

While the gateway runs these are the lines it keeps in memory; while it is down
they come from journald, its log file or pm2's, and the first line says which.`;

/** `openclaw logs` */
export function addLogsCommand(shell: Shell): void {
  const logs = shell.program
    .command("logs")
    .description("the gateway's log: from the gateway, or from where it wrote while it is down")
    .addHelpText("after", HELP)
    .option("-f, --follow", "go on as lines come")
    .option("--since <age>", "only lines of this last time: 90s, 15m, 12h, 2d")
    .option("--level <level>", "only these and worse: trace, debug, info, warn, error, fatal")
    .option("--limit <count>", "at most this many of the newest lines (200; up to 5000)");
  lazily(shell, logs, async () => (await import("./logs.ts")).logs);
}
