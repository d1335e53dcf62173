import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Frame, makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { approvedNode, capabilitiesCode, type PairedNode, pairNode } from "../nodes/support.ts";

/** What a device learns that may read, and what stays with those that may decide. */

const PHRASE = "the door code is 4711";

let gateway: TestGateway;
let reader: RawClient;
let decider: RawClient;
let admin: RawClient;
let node: PairedNode;
let waiting: PairedNode;
let waitingCode: string;
const names: string[] = [];

async function operator(...scopes: string[]): Promise<RawClient> {
  const device = makeDevice();
  names.push(device.deviceId);
  const options = { device, auth: { token: TEST_TOKEN }, scopes };
  return (await pairAndConnect(gateway, options)).client;
}

/** A device that asks; its code and its id are what is not for everybody. */
async function asks(displayName: string): Promise<{ requestId: string; deviceId: string }> {
  const device = makeDevice();
  const client = await RawClient.open(gateway.url);
  const { error } = await client.connect({
    device,
    auth: { token: TEST_TOKEN },
    client: { id: "test", version: "1", platform: "linux", mode: "test", displayName },
  });
  names.push(error.details.requestId, device.deviceId);
  return { requestId: error.details.requestId, deviceId: device.deviceId };
}

beforeAll(async () => {
  gateway = await startTestGateway();
  const text = `{\n  // ${PHRASE}\n  "gateway": { "name": "home" }\n}\n`;
  await writeFile(join(gateway.stateDir, "openclaw.json"), text, { mode: 0o600 });
  await gateway.core.config.reload();
  // First, because the log takes so many lines in a second and no more.
  const stray = await RawClient.open(gateway.url);
  stray.send("no frame");
  await stray.end();
  reader = await operator("operator.read");
  decider = await operator("operator.read", "operator.pairing");
  admin = await operator("operator.admin");
  node = await approvedNode(gateway, ["system.which"]);
  names.push(node.nodeId);
  waiting = await pairNode(gateway, ["system.run"]);
  waitingCode = await capabilitiesCode(gateway, waiting.nodeId);
  names.push(waiting.nodeId, waitingCode);
  const first = await asks("phone");
  const second = await asks("tablet");
  await gateway.host("device.pair.approve", { requestId: first.requestId });
  await gateway.host("device.pair.reject", { requestId: second.requestId });
  await asks("laptop");
  await gateway.host("device.pair.rename", { deviceId: first.deviceId, label: "Ann's" });
  await gateway.host("device.pair.remove", { deviceId: first.deviceId });
  await asks("AB12-CD34 from the shop");
});
afterAll(async () => {
  await gateway.close();
});

describe("the log", () => {
  const lines = async (client: RawClient): Promise<string[]> =>
    (await client.request("logs.tail", {})).payload.lines;

  test("shows codes and ids of devices to those who may decide", async () => {
    for (const client of [decider, admin]) {
      const text = (await lines(client)).join("\n");
      expect(names.filter((name) => !text.includes(name))).toEqual([]);
    }
  });

  test("shows none of them to those who may only read", async () => {
    const text = (await lines(reader)).join("\n");
    expect(names.filter((name) => text.includes(name))).toEqual([]);
    expect(text).not.toContain("AB12-CD34");
    expect(text).toContain("connection closed");
  });
});

describe("what a node offers that waits", () => {
  const row = async (client: RawClient, nodeId = waiting.nodeId): Promise<Frame> => {
    const { nodes } = (await client.request("node.list", {})).payload;
    const one = (await client.request("node.describe", { nodeId })).payload;
    const listed = nodes.find((each: Frame) => each.nodeId === nodeId);
    expect(one).toMatchObject(listed);
    return listed;
  };

  test("comes with its code to those who may decide on it", async () => {
    expect((await row(admin)).pendingRequestId).toBe(waitingCode);
    const params = { device: makeDevice(), auth: { token: TEST_TOKEN } };
    const scopes = ["operator.read", "operator.pairing"];
    const bySecret = (await pairAndConnect(gateway, { ...params, scopes })).client;
    expect((await row(bySecret)).pendingRequestId).toBe(waitingCode);
  });

  test("comes without it to those who may only read, or decide on nothing but their own device", async () => {
    const scopes = ["operator.read", "operator.pairing"];
    const device = makeDevice();
    const { deviceToken } = await pairAndConnect(gateway, {
      device,
      auth: { token: TEST_TOKEN },
      scopes,
    });
    const confined = await RawClient.open(gateway.url);
    await confined.connect({ device, auth: { deviceToken }, scopes });
    for (const client of [reader, confined]) {
      const shown = await row(client);
      expect(shown).toMatchObject({
        approvalState: "pending-approval",
        pendingDeclaredCommands: ["system.run"],
      });
      expect(shown).not.toHaveProperty("pendingRequestId");
    }
  });

  test("is no code to who may run commands on nodes either, in no method", async () => {
    const runner = await operator("operator.read", "operator.write", "operator.nodes");
    const { nodeId } = waiting;
    const command = "system.run";
    const invoke = { nodeId, command, idempotencyKey: "k" };
    const told = await Promise.all([
      runner.request("node.invoke", invoke),
      runner.request("node.pending.enqueue", { nodeId, type: "status.request" }),
      runner.request("status", {}),
      runner.request("diagnostics.stability", {}),
      runner.request("system-presence", {}),
    ]);
    expect(told.map(({ error }) => error?.details?.code)).toEqual([
      "PAIRING_CHANGED",
      "PAIRING_CHANGED",
      undefined,
      undefined,
      undefined,
    ]);
    expect(told[0]?.error.details.cure).toBe("on the gateway host: openclaw nodes pending");
    expect(JSON.stringify(told)).not.toContain(waitingCode);
    const heard = [reader, runner].flatMap(({ frames }) => frames);
    expect(JSON.stringify(heard)).not.toContain(waitingCode);
  });
});

describe("the configuration", () => {
  const raw = async (client: RawClient): Promise<string> =>
    (await client.request("config.get", {})).payload.raw;

  test("shows its comments to admins", async () => {
    expect(await raw(admin)).toContain(PHRASE);
  });

  test("shows none to those who may only read", async () => {
    const { payload } = await reader.request("config.get", {});
    expect(payload.raw).toContain('"name": "home"');
    expect(JSON.stringify(payload)).not.toContain("4711");
    expect(JSON.stringify((await decider.request("config.get", {})).payload)).not.toContain("4711");
  });
});

describe("health", () => {
  test.each([{}, { probe: true }])("%j shows nobody where the state is", async (params) => {
    for (const client of [node.client, reader]) {
      const { payload } = await client.request("health", params);
      expect(payload.ok).toBe(true);
      expect(JSON.stringify(payload)).not.toContain(gateway.stateDir);
    }
  });

  test("nor does what a node hears by itself", () => {
    const heard = node.client.frames.map((frame: Frame) => JSON.stringify(frame)).join("\n");
    expect(heard).toContain('"hello-ok"');
    expect(heard).not.toContain(gateway.stateDir);
  });
});
