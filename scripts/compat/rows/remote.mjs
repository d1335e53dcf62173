// OpenClaw's command line on another computer: TLS, a key of its own, approved by the owner.
import { contains, json, must, refuses, shows } from "../judge.mjs";
import { TOKEN } from "../stage.mjs";
import { tlsFront } from "../tls-front.mjs";
import { inArea } from "./row.mjs";

const HOME = "laptop";

/** Runs their command line as on another computer. */
async function fromOutside(stage, ...args) {
  if (!stage.found.tls) {
    stage.found.tls = await tlsFront(stage);
    stage.closers.push(stage.found.tls.close);
  }
  const { url, certificate } = stage.found.tls;
  await stage.makeHome(HOME, { gateway: { mode: "remote", remote: { url, token: TOKEN } } });
  return stage.theirs(args, { home: HOME, env: { NODE_EXTRA_CA_CERTS: certificate } });
}

/** The one request that waits, which `ran` must have named. */
async function waiting(stage, ran) {
  const { pending } = await stage.ours("devices", "list");
  const request = pending.find(({ clientId }) => clientId === "cli");
  must(request, `nothing waits: ${ran.output.trim().slice(0, 200)}`);
  contains(ran.output, request.requestId);
  return request;
}

export const remoteRows = inArea("Command line on another computer (wss)", [
  [
    "openclaw health (wss)",
    "the gateway's health, which needs no approval",
    async (stage) => shows(await fromOutside(stage, "health"), "Agents: main"),
  ],
  [
    "openclaw logs (wss, not paired)",
    "refused with the code to approve",
    async (stage) => {
      const ran = await fromOutside(stage, "logs");
      refuses(ran, "pairing required");
      stage.found.laptop = await waiting(stage, ran);
    },
  ],
  [
    "openclaw logs (wss, approved)",
    "the gateway's log lines",
    async (stage) => {
      must(stage.found.laptop, "it did not ask");
      await stage.ours("devices", "approve", stage.found.laptop.requestId);
      shows(await fromOutside(stage, "logs"), "gateway ready");
    },
  ],
  [
    "openclaw devices list (wss)",
    "it asks for the right to approve devices, with a code; once approved, the list",
    async (stage) => {
      const ran = await fromOutside(stage, "devices", "list");
      refuses(ran, "scope upgrade pending approval");
      await stage.ours("devices", "approve", (await waiting(stage, ran)).requestId);
      const { paired } = json(await fromOutside(stage, "devices", "list", "--json"));
      must(
        paired.some(({ deviceId }) => deviceId === stage.found.laptop.deviceId),
        "it is not in the list",
      );
    },
  ],
  [
    "openclaw nodes status (wss)",
    "the list of nodes",
    async (stage) => {
      const { nodes } = json(await fromOutside(stage, "nodes", "status", "--json"));
      must(Array.isArray(nodes), "no list of nodes");
    },
  ],
  [
    "openclaw devices list (SSH tunnel to a VPS)",
    "refused: missing scope",
    async (stage) => {
      const set = (value) => stage.ours("config", "set", "gateway.auth.devicelessCli", value);
      await set("never");
      try {
        refuses(await stage.theirs(["devices", "list"]), "missing scope: operator.pairing");
      } finally {
        await set("auto");
      }
    },
  ],
]);
