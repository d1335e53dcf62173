// OpenClaw's headless node host from pairing to an answered invoke, and the nodes commands on it.
import { contains, json, must, shows } from "../judge.mjs";
import { lastLine, NotWorking, until } from "../processes.mjs";
import { TOKEN } from "../stage.mjs";
import { inArea } from "./row.mjs";

/** Their tables give names four columns. */
const NAME = "nas1";
const NODE = "Node host";
const NODES = "Command line: nodes";
const CONNECTED = "node host gateway connected";

async function start(stage) {
  const args = ["node", "run", "--host", "127.0.0.1", "--port", String(stage.port)];
  const env = { OPENCLAW_GATEWAY_TOKEN: TOKEN };
  stage.found.host = await stage.launchTheirs([...args, "--display-name", NAME], "node", env);
}

/** What the node host prints next, waited for. */
async function prints(stage, text) {
  const { host } = stage.found;
  must(host, "the node host did not start");
  await until(() => {
    if (host.child.exitCode !== null) {
      throw new NotWorking(`the node host ended: ${lastLine(host.output)}`);
    }
    return host.output.includes(text);
  }, `the node host prints “${text}”`);
}

/** The node as the gateway lists it to an operator. */
async function listed(stage) {
  const { nodes } = json(await stage.theirs(["nodes", "status", "--json"]));
  return nodes.find(({ nodeId }) => nodeId === stage.found.nodeId);
}

/** The gateway ends and starts again; the node host is back and works. */
async function comesBack(stage, end) {
  must(stage.found.capabilitiesCode, "its commands were not approved");
  const connects = () => stage.found.host.output.split(CONNECTED).length;
  const before = connects();
  await end();
  await stage.startGateway();
  await until(() => connects() > before, "the node host comes back");
  await answersWhich(stage);
}

async function answersWhich(stage) {
  const { payload } = json(await invoke(stage));
  must(/\/sh$/.test(payload?.bins?.sh ?? ""), `it answered ${JSON.stringify(payload)}`);
}

/** Runs a command on the node through their command line. */
const invoke = (stage, ...more) =>
  stage.theirs([
    "nodes",
    "invoke",
    ...["--node", stage.found.nodeName, "--command", "system.which"],
    ...["--params", '{"bins":["sh"]}', "--json", ...more],
  ]);

export const nodeHostRows = [
  ...inArea(NODE, [
    [
      "openclaw node run --host 127.0.0.1 --port <port>",
      "it asks for pairing and prints the code",
      async (stage) => {
        await start(stage);
        await prints(stage, "pairing required");
        const { pending } = await stage.ours("devices", "list");
        const request = pending.find(({ role }) => role === "node");
        must(request, "no request of a node waits");
        contains(stage.found.host.output, request.requestId);
        stage.found.nodeRequest = request;
      },
    ],
    [
      "node host: its device is approved",
      "it comes in by itself, without a restart",
      async (stage) => {
        must(stage.found.nodeRequest, "it did not ask");
        const { requestId, deviceId } = stage.found.nodeRequest;
        shows(await stage.theirs(["devices", "approve", requestId]), "Approved");
        await prints(stage, CONNECTED);
        stage.found.nodeId = deviceId;
        stage.found.nodeName = NAME;
      },
    ],
  ]),
  ...inArea(NODES, [
    [
      "openclaw nodes pending",
      "the node's commands wait for approval",
      async (stage) => {
        const ran = await stage.theirs(["nodes", "pending", "--json"]);
        const answer = json(ran);
        const pending = Array.isArray(answer) ? answer : answer.pending;
        const request = pending?.find(({ nodeId }) => nodeId === stage.found.nodeId);
        must(request, "the node does not wait");
        stage.found.capabilitiesCode = request.requestId;
        shows(await stage.theirs(["nodes", "pending"]), request.requestId);
      },
    ],
    [
      "openclaw nodes approve <request>",
      "the node's commands are approved on its open connection",
      async (stage) => {
        const { capabilitiesCode } = stage.found;
        must(capabilitiesCode, "nothing waits for approval");
        shows(await stage.theirs(["nodes", "approve", capabilitiesCode]));
        await until(
          async () => (await listed(stage))?.commands?.includes("system.which"),
          "system.which in the node's commands",
        );
      },
    ],
    [
      "openclaw nodes list",
      "the node, paired",
      async (stage) => shows(await stage.theirs(["nodes", "list"]), NAME, /Paired[: (]+1/),
    ],
    [
      "openclaw nodes status",
      "the node, connected, with its capabilities",
      async (stage) => {
        shows(await stage.theirs(["nodes", "status"]), NAME, "connected");
        const node = await listed(stage);
        must(node?.connected === true, "it is not shown as connected");
        must(node.caps?.includes("system"), "its capabilities are missing");
      },
    ],
    [
      "openclaw nodes describe --node <name>",
      "its commands",
      async (stage) => {
        const ran = await stage.theirs(["nodes", "describe", "--node", NAME]);
        shows(ran, stage.found.nodeId ?? NAME, "system.which");
      },
    ],
    [
      "openclaw nodes invoke --node <name> --command system.which",
      "the node's answer: where sh is",
      answersWhich,
    ],
    [
      "openclaw nodes rename --node <name> --name nas2",
      "the new name is in the list, and commands find the node by it",
      async (stage) => {
        shows(await stage.theirs(["nodes", "rename", "--node", NAME, "--name", "nas2"]));
        stage.found.nodeName = "nas2";
        shows(await stage.theirs(["nodes", "status"]), "nas2");
      },
    ],
  ]),
  ...inArea(NODE, [
    [
      "node host: the gateway is restarted",
      "it comes back by itself with its own token, approved, and answers an invoke",
      (stage) => comesBack(stage, () => stage.stopGateway()),
    ],
    [
      "node host: the gateway is killed",
      "it comes back by itself and answers an invoke",
      (stage) => comesBack(stage, () => stage.killGateway()),
    ],
    [
      "node host: what it reports when it comes in",
      "its statistics are in the list; skills, tools and workers are taken without a complaint",
      async (stage) => {
        must(stage.found.capabilitiesCode, "its commands were not approved");
        const { cpuCount } = await until(
          async () => (await listed(stage))?.hostStats,
          "the node's statistics",
        );
        must(cpuCount > 0, "its statistics are empty");
        const since = stage.found.host.output.split(CONNECTED).at(-1);
        const complaint = /^.*failed.*$/m.exec(since)?.[0];
        must(!complaint, complaint);
      },
    ],
  ]),
];

/** Last: the node is gone after them. */
export const nodeGoneRows = inArea(NODES, [
  [
    "openclaw nodes invoke … --command no.such",
    "refused by name",
    async (stage) => {
      const ran = await stage.theirs([
        "nodes",
        "invoke",
        "--node",
        stage.found.nodeName,
        "--command",
        "no.such",
      ]);
      must(ran.code !== 0, "it was expected to refuse");
      contains(ran.output, "node command not allowed");
    },
  ],
  [
    "openclaw nodes remove --node <name>",
    "none of its commands can be invoked any more",
    async (stage) => {
      shows(await stage.theirs(["nodes", "remove", "--node", stage.found.nodeName]));
      must((await invoke(stage)).code !== 0, "it still answers");
      const { nodes } = json(await stage.theirs(["nodes", "status", "--json"]));
      const node = nodes.find(({ nodeId }) => nodeId === stage.found.nodeId);
      must(!node?.commands?.length, `its commands are ${node?.commands}`);
    },
  ],
]);
