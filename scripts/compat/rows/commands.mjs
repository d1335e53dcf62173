// Commands of an installation with an agent; without one they answer empty or say so.
import { json, must, refuses, shows } from "../judge.mjs";
import { inArea } from "./row.mjs";

export const commandRows = inArea("Command line: agent, models, channels", [
  [
    'openclaw agent --agent main --message "hello"',
    "a clear refusal: no agent is set up here",
    async (stage) => {
      const ran = await stage.theirs(["agent", "--agent", "main", "--message", "hello"]);
      refuses(ran, "no agent is configured");
    },
  ],
  [
    "openclaw cron list",
    "an empty list",
    async (stage) => shows(await stage.theirs(["cron", "list"]), /no .*jobs|no automations/i),
  ],
  [
    "openclaw cron list --json",
    "an empty list",
    async (stage) => {
      const { jobs } = json(await stage.theirs(["cron", "list", "--json"]));
      must(Array.isArray(jobs) && jobs.length === 0, "no empty list of jobs");
    },
  ],
  [
    "openclaw models list",
    "the gateway's list, empty",
    async (stage) => {
      // Without the variable it asks its own files, as long as its own gateway does not run.
      const env = { OPENCLAW_GATEWAY_PORT: String(stage.port) };
      const ran = await stage.theirs(["models", "list"], { env });
      shows(ran, "No models found");
      must(!ran.output.includes("Gateway is not running"), "the gateway was not asked");
    },
  ],
  [
    "openclaw channels status",
    "the gateway is reachable",
    async (stage) => shows(await stage.theirs(["channels", "status"]), "Gateway reachable."),
  ],
  [
    "openclaw config get gateway.port",
    "its own configuration; nothing is asked of the gateway",
    async (stage) => shows(await stage.theirs(["config", "get", "gateway.port"]), `${stage.port}`),
  ],
  [
    "openclaw sessions",
    "its own files; nothing is asked of the gateway",
    async (stage) => shows(await stage.theirs(["sessions"]), "Sessions listed: 0"),
  ],
  [
    "openclaw agents list",
    "its own files; nothing is asked of the gateway",
    async (stage) => shows(await stage.theirs(["agents", "list"]), "main (default)"),
  ],
  [
    "openclaw approvals get",
    "its own files; nothing is asked of the gateway",
    async (stage) => shows(await stage.theirs(["approvals", "get"]), "Showing local approvals"),
  ],
]);
