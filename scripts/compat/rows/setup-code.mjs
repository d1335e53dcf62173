// Setup codes and join addresses of ours in OpenClaw's own programs.
import { contains, json, must, refuses, shows } from "../judge.mjs";
import { lastLine, NotWorking, until } from "../processes.mjs";
import { inArea } from "./row.mjs";
import { publish } from "./web-app.mjs";

/** @typedef {import("../stage.mjs").Stage} Stage */

const CONNECTED = "node host gateway connected";

/** Starts one of their commands that makes a node of its home; resolves when it is connected. */
async function comesIn(/** @type {Stage} */ stage, home, /** @type {string[]} */ ...args) {
  const host = await stage.launchTheirs(args, home);
  stage.closers.push(() => host.stop());
  await until(() => {
    if (host.child.exitCode !== null) {
      throw new NotWorking(`it ended: ${lastLine(host.output)}`);
    }
    return host.output.includes(CONNECTED);
  }, "it is connected");
  return host;
}

/** The one node that is connected now and was not before, with what it may do. */
async function approvedNode(/** @type {Stage} */ stage) {
  const known = new Set(Object.values(stage.found.joined ?? {}));
  return until(async () => {
    const { nodes } = await stage.ours("nodes", "list");
    const node = nodes.find(({ connected, nodeId }) => connected && !known.has(nodeId));
    return node?.commands?.includes("system.which") && node;
  }, "its commands are approved");
}

/** Nothing of it waits for the owner. @param {Stage} stage @param {string} id */
async function nothingWaits(stage, id) {
  const { pending } = await stage.ours("devices", "list");
  must(!pending.some(({ deviceId }) => deviceId === id), "it asks to be paired");
  const node = await stage.ours("nodes", "pending");
  must(!JSON.stringify(node).includes(id), "its commands wait");
}

/** @param {Stage} stage @returns {Promise<number>} */
async function pairedDevices(stage) {
  return (await stage.ours("devices", "list")).paired.length;
}

/** A code for a node, made by our own command line. */
async function ourCode(/** @type {Stage} */ stage) {
  const address = ["--public-url", `http://127.0.0.1:${stage.port}`];
  const args = ["devices", "invite", "--setup-code", "--access", "node", ...address];
  return (await stage.ours(...args)).setupCode;
}

export const setupCodeRows = inArea("Setup codes", [
  [
    'openclaw node run --pair "oc-pair://<code>"',
    "paired, and its commands approved in the same step: nothing waits for the owner",
    async (stage) => {
      stage.found.code = `oc-pair://${await ourCode(stage)}`;
      const host = await comesIn(stage, "paired-node", "node", "run", "--pair", stage.found.code);
      const { nodeId } = await approvedNode(stage);
      await nothingWaits(stage, nodeId);
      await host.stop();
      stage.found.joined = { ...stage.found.joined, pair: nodeId };
    },
  ],
  [
    "openclaw node run (the same machine again)",
    "comes back by the token of its own, its commands still approved",
    async (stage) => {
      must(stage.found.joined?.pair, "it was not paired");
      const host = await comesIn(stage, "paired-node", "node", "run");
      const { nodes } = await stage.ours("nodes", "list");
      const node = nodes.find(({ nodeId }) => nodeId === stage.found.joined.pair);
      must(node?.connected && node.commands.includes("system.which"), "it may do nothing");
      await nothingWaits(stage, node.nodeId);
      await host.stop();
    },
  ],
  [
    'openclaw node run --pair "oc-pair://<used code>"',
    "another machine is refused: the code was used",
    async (stage) => {
      must(stage.found.code, "no code was used");
      const before = await pairedDevices(stage);
      const args = ["node", "run", "--pair", stage.found.code];
      const host = await stage.launchTheirs(args, "late-node");
      try {
        await until(() => host.output.includes("setup code invalid"), "it says why");
      } finally {
        await host.stop();
      }
      must(!host.output.includes(CONNECTED), "it was let in");
      must((await pairedDevices(stage)) === before, "it was paired");
    },
  ],
  [
    "openclaw devices join-code",
    "an address, and the command that joins a machine by it",
    async (stage) => {
      await publish(stage, `http://127.0.0.1:${stage.port}`);
      // With a public address it would want a device key of their command line.
      await stage.ours("config", "set", "gateway.auth.devicelessCli", "loopback");
      const ran = await stage.theirs(["devices", "join-code", "--json"]);
      const { joinUrl, command } = json(ran);
      contains(joinUrl, /^http:\/\/127\.0\.0\.1:\d+\/j\/[\w-]{22}$/);
      contains(command, `openclaw connect ${joinUrl}`);
      stage.found.joinUrl = joinUrl;
    },
  ],
  [
    "openclaw connect <join address>",
    "paired, and its commands approved in the same step",
    async (stage) => {
      must(stage.found.joinUrl, "there is no address");
      const host = await comesIn(stage, "joined-node", "connect", stage.found.joinUrl);
      const { nodeId } = await approvedNode(stage);
      await nothingWaits(stage, nodeId);
      await host.stop();
      stage.found.joined = { ...stage.found.joined, address: nodeId };
    },
  ],
  [
    "openclaw connect <used join address>",
    "refused: it can be fetched once",
    async (stage) => {
      must(stage.found.joinUrl, "there is no address");
      const ran = await stage.theirs(["connect", stage.found.joinUrl], { home: "late-join" });
      refuses(ran, "join code was not found or has expired");
    },
  ],
  [
    "openclaw devices remove <id> (a machine that joined)",
    "it comes in no more, neither by its token nor by the code",
    async (stage) => {
      try {
        await staysOut(stage);
      } finally {
        await stage.ours("config", "unset", "gateway.auth.devicelessCli");
        await publish(stage, undefined);
      }
    },
  ],
]);

/** The machines that joined are removed; one tries again with all it has. */
async function staysOut(/** @type {Stage} */ stage) {
  must(stage.found.joined?.pair, "it was not paired");
  for (const id of Object.values(stage.found.joined)) {
    shows(await stage.theirs(["devices", "remove", String(id)]));
  }
  const args = ["node", "run", "--pair", stage.found.code];
  const host = await stage.launchTheirs(args, "paired-node");
  try {
    await until(() => host.output.includes("setup code invalid"), "it is refused");
  } finally {
    await host.stop();
  }
  must(!host.output.includes(CONNECTED), "it was let in");
}
