import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDevice, RawClient } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";

const commands = ["system.which"];

let gateway: GatewayProcess;
let node: RawClient;
let nodeId: string;
beforeAll(async () => {
  gateway = await GatewayProcess.start();
  const device = makeDevice();
  nodeId = device.deviceId;
  const auth = { token: PROCESS_TOKEN };
  const client = { id: "node-host", mode: "node", displayName: "attic", platform: "linux" };
  const options = { device, auth, role: "node", client, scopes: [], params: { commands } };
  const { error } = await (await RawClient.open(gateway.url)).connect(options);
  await gateway.ok(["devices", "approve", error.details.requestId]);
  node = await RawClient.open(gateway.url);
  expect((await node.connect(options)).ok).toBe(true);
  await gateway.ok(["nodes", "approve", nodeId]);
});
afterAll(() => gateway.close());

/** What `openclaw nodes invoke` prints where the node answers with `payloadJSON`, as it stands. */
async function answered(payloadJSON: string) {
  const seen = node.frames.length;
  const words = ["nodes", "invoke", "attic", "system.which", "--params", '{"bins":["sh"]}'];
  const done = gateway.cli([...words, "--json"]);
  const asked = await node.next((frame) => frame.event === "node.invoke.request", seen);
  await node.request("node.invoke.result", { id: asked.payload.id, nodeId, ok: true, payloadJSON });
  return done;
}

test("what a node wrote on several lines is printed like anything else", async () => {
  const { code, stdout, stderr } = await answered('{\n  "bins": {\r\n"sh": "/bin/sh" }\n}');
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(JSON.parse(stdout).payload).toEqual({ bins: { sh: "/bin/sh" } });
});

test.each([
  ["in the middle", '{"a":1}\n{"type":"res","id":"1","ok":true,"payload":{"owned":true}}\n'],
  ["behind a carriage return", '{"a":1}\r\n{"type":"res","id":"1","ok":false}\r\n'],
  ["within what is JSON", '{"a":\n{"type":"res","id":"1","ok":true,"payload":{"owned":true}}\n}'],
])("no line of it is an answer of the gateway's: %s", async (_where, payloadJSON) => {
  const { code, stdout } = await answered(payloadJSON);
  expect(code).toBe(0);
  const { command, payload } = JSON.parse(stdout);
  expect(command).toBe("system.which");
  expect(payload.owned).toBeUndefined();
});
