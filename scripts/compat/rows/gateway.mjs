// Commands that ask how the gateway is.
import { contains, json, jsonLines, must, refuses, shows } from "../judge.mjs";
import { inArea } from "./row.mjs";

const TRIES = 3;

/**
 * Runs a command that gives its own probe of the gateway eight seconds at most. On a busy machine the
 * command itself may need them: then it is tried again.
 */
async function probes(stage, ...args) {
  for (let left = TRIES; ; left -= 1) {
    const ran = await stage.theirs([...args, "--timeout", "20000"]);
    const gaveUp = /timed out|timeout/i.test(ran.output) || /"reachable": false/.test(ran.stdout);
    if (!gaveUp || left === 1) return ran;
  }
}

export const gatewayRows = inArea("Command line: the gateway", [
  [
    "openclaw health",
    "the default agent, the heartbeat and the number of sessions",
    async (stage) => shows(await stage.theirs(["health"]), "Agents: main", "Session store"),
  ],
  [
    "openclaw health --json",
    "the gateway's answer as JSON",
    async (stage) => {
      const health = json(await stage.theirs(["health", "--json"]));
      must(health.ok === true, "ok is not true");
      must(Array.isArray(health.channelOrder), "no channelOrder");
    },
  ],
  [
    "openclaw gateway health",
    "OK",
    async (stage) => shows(await stage.theirs(["gateway", "health"]), /^OK \(/m),
  ],
  [
    "openclaw gateway status",
    "the connection works, and both versions are named",
    async (stage) => {
      const ran = await stage.theirs(["gateway", "status"]);
      shows(ran, "Connectivity probe: ok", `Probe target: ${stage.url}`, "Gateway version:");
    },
  ],
  [
    "openclaw gateway probe",
    "reachable; without a device key nothing may be read, as with OpenClaw's own gateway",
    async (stage) => {
      const ran = await probes(stage, "gateway", "probe");
      shows(ran, "Reachable: yes", "connected-no-operator-scope");
    },
  ],
  [
    "openclaw status",
    "the gateway is reachable with the token",
    async (stage) => shows(await probes(stage, "status"), /reachable \d+ms/, "auth token"),
  ],
  [
    "openclaw status --json",
    "reachable, with the gateway's version",
    async (stage) => {
      const status = json(await probes(stage, "status", "--json"));
      must(status.gateway?.reachable === true, "gateway.reachable is not true");
      must(typeof status.runtimeVersion === "string", "no runtimeVersion");
    },
  ],
  [
    "openclaw status --deep",
    "the health section with the gateway's answers",
    async (stage) => shows(await probes(stage, "status", "--deep"), /reachable \d+ms/, "Health"),
  ],
  [
    "openclaw gateway call health",
    "the method's answer as JSON",
    async (stage) => {
      const health = json(await stage.theirs(["gateway", "call", "health"]));
      must(health.ok === true, "ok is not true");
    },
  ],
  [
    "openclaw gateway call device.pair.list",
    "both lists",
    async (stage) => {
      const ran = await stage.theirs(["gateway", "call", "device.pair.list"]);
      contains(ran.stdout, '"pending"', '"paired"');
    },
  ],
  [
    "openclaw gateway call no.such",
    "refused by name, exit code 1",
    async (stage) => {
      refuses(await stage.theirs(["gateway", "call", "no.such"]), "unknown method: no.such");
    },
  ],
  [
    "openclaw gateway stability",
    "the gateway's record of events",
    async (stage) => {
      shows(await stage.theirs(["gateway", "stability"]), "Gateway Stability", /Events: \d+\/\d+/);
    },
  ],
  [
    "openclaw gateway usage-cost",
    "a total over 30 days",
    async (stage) => {
      const ran = await stage.theirs(["gateway", "usage-cost"]);
      shows(ran, "Usage cost (30 days)", "Total: $0.00");
    },
  ],
  [
    "openclaw logs",
    "the gateway's own log lines",
    async (stage) => shows(await stage.theirs(["logs"]), "gateway ready"),
  ],
  [
    "openclaw logs --json",
    "the same lines, each with time, level and message",
    async (stage) => {
      const ran = await stage.theirs(["logs", "--json"]);
      const ready = jsonLines(ran.stdout).find(({ message }) => message?.includes("gateway ready"));
      must(ready, "no entry “gateway ready”");
      must(ready.level === "info", `its level is ${ready.level}`);
      must(Number.isFinite(Date.parse(ready.time)), `its time is ${ready.time}`);
    },
  ],
]);
