import { lazily, type Shell } from "../../kit/shell.ts";

/** `openclaw gateway …` */
export function addGatewayCommands(shell: Shell): void {
  const gateway = shell.program
    .command("gateway")
    .description("run, restart, stop and question the gateway");
  const run = gateway
    .command("run")
    .description("run the gateway in the foreground")
    .option("--port <port>", "TCP port to listen on")
    .option("--bind <address>", "loopback, lan, or one IP address");
  lazily(shell, run, async () => (await import("./run.ts")).run);
  const status = gateway
    .command("status")
    .description("whether it runs, since when and where; exit code 3 when it does not");
  lazily(shell, status, async () => (await import("../overview.ts")).gatewayStatus);
  const restart = gateway
    .command("restart")
    .description("restart it through whoever supervises it, and wait until it accepts");
  lazily(shell, restart, async () => (await import("./restart.ts")).restart);
  const stop = gateway.command("stop").description("stop it; clients are told first");
  lazily(shell, stop, async () => (await import("./stop.ts")).stop);
  const call = gateway
    .command("call [method]")
    .description("call one method and print the answer")
    .option("--list", "the methods there are, and who may call them")
    .option("--params <json>", "its params, as a JSON object")
    .option("--timeout <ms>", "how long to wait for the answer");
  lazily(shell, call, async () => (await import("./call.ts")).call);
  const prove = gateway
    .command("prove <url>")
    .description("pair a throwaway device through this URL, ask something as it, remove it again")
    .option("--connect-to <address>", "where the URL's name is taken to lead");
  lazily(shell, prove, async () => (await import("./prove.ts")).prove);
  const serve = gateway.command("serve-stopped", { hidden: true });
  lazily(shell, serve, async () => (await import("../../reach/owner-process.ts")).serveStopped);
}
