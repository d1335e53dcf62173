import { declare } from "../../kit/declare.ts";

const run = declare({
  name: "run",
  summary: "run the gateway in the foreground",
  shape: (command) =>
    command
      .option("--port <port>", "TCP port to listen on")
      .option("--bind <address>", "loopback, lan, or one IP address"),
  completes: { bind: ["loopback", "lan"] },
}).runs(async () => (await import("./run.ts")).run);

const status = declare({
  name: "status",
  summary: "whether it runs, since when and where; exit code 3 when it does not",
}).runs(async () => (await import("../overview.ts")).gatewayStatus);

const restart = declare({
  name: "restart",
  summary: "restart it through whoever supervises it, and wait until it accepts",
}).runs(async () => (await import("./restart.ts")).restart);

const stop = declare({
  name: "stop",
  summary: "stop it; clients are told first",
}).runs(async () => (await import("./stop.ts")).stop);

const call = declare({
  name: "call",
  summary: "call one method and print the answer",
  shape: (command) =>
    command
      .argument("[method]")
      .option("--list", "the methods there are, and who may call them")
      .option("--params <json>", "its params, as a JSON object")
      .option("--timeout <ms>", "how long to wait for the answer"),
  completes: { method: "method" },
}).runs(async () => (await import("./call.ts")).call);

const prove = declare({
  name: "prove",
  summary: "pair a throwaway device through this URL, ask something as it, remove it again",
  shape: (command) =>
    command
      .argument("<url>")
      .option("--connect-to <address>", "where the URL's name is taken to lead"),
}).runs(async () => (await import("./prove.ts")).prove);

const serveStopped = declare({
  name: "serve-stopped",
  summary: "serves the state of a gateway that does not run, to the program that starts it",
  hidden: true,
}).runs(async () => (await import("../../reach/owner-process.ts")).serveStopped);

/** `openclaw gateway …` */
export const gateway = declare({
  name: "gateway",
  summary: "run, restart, stop and question the gateway",
  under: [run, status, restart, stop, call, prove, serveStopped],
});
