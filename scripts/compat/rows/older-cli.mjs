// OpenClaw's command line of March 2026, which speaks protocol 3, as many apps that are installed do.
import { join } from "node:path";
import { must, refuses, shows } from "../judge.mjs";
import { inArea } from "./row.mjs";

const PACKAGE = "openclaw-2026.3.13";
const CODE = /requestId: ([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})/;

/** @param {import("../stage.mjs").Stage} stage @param {...string} args */
const older = (stage, ...args) =>
  stage.theirs(args, { home: "older-cli", folder: join(stage.packages, PACKAGE) });

export const olderCliRows = inArea("Command line 2026.3.13 (protocol 3)", [
  [
    "openclaw@2026.3.13 health",
    "the default agent, the heartbeat and the number of sessions",
    async (stage) => shows(await older(stage, "health"), "Agents: main", "Session store"),
  ],
  [
    "openclaw@2026.3.13 gateway call device.pair.list",
    "it asks for pairing and prints the code",
    async (stage) => {
      const ran = await older(stage, "gateway", "call", "device.pair.list");
      refuses(ran, CODE);
      const [, code = ""] = CODE.exec(ran.output) ?? [];
      await stage.ours("devices", "approve", code);
    },
  ],
  [
    "openclaw@2026.3.13 devices list",
    "approved, it lists itself among the paired devices",
    async (stage) => {
      const ran = await older(stage, "devices", "list", "--json");
      shows(ran, '"clientId": "cli"');
      must(!ran.output.includes("pairing required"), "it is asked to pair again");
    },
  ],
]);
