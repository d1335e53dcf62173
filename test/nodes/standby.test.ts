import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { type ConnectOptions, type Frame, makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { HandWorld } from "../kit/world.ts";
import {
  approvedNode,
  capabilitiesCode,
  eventOf,
  invokeParams,
  nodeClient,
  nodeOptions,
  operator,
  type PairedNode,
} from "./support.ts";

const world = new HandWorld();
let gateway: TestGateway;
let op: RawClient;
// The log has room for so many lines a second.
beforeEach(() => world.advance(1000));
beforeAll(async () => {
  gateway = await startTestGateway({ world });
  op = await operator(gateway);
});
afterAll(async () => {
  await gateway.close();
});

interface Place {
  readonly from?: string;
  readonly name?: string;
  readonly instanceId?: string;
}

/** One more connection with the key of `node`, from somewhere. */
async function alsoAs(
  node: PairedNode,
  place: Place = {},
  commands: readonly string[] = ["system.which"],
): Promise<RawClient> {
  const { from, name = nodeClient.displayName, instanceId } = place;
  const client = await RawClient.open(
    gateway.url,
    from === undefined ? {} : { localAddress: from },
  );
  const options: ConnectOptions = nodeOptions(commands, {
    client: { ...nodeClient, displayName: name, ...(instanceId !== undefined && { instanceId }) },
  });
  const { device, deviceToken } = node;
  const hello = await client.connect({ ...options, device, auth: { deviceToken } });
  expect(hello.ok).toBe(true);
  return client;
}

async function row(nodeId: string): Promise<Frame> {
  return gateway.host("node.describe", { nodeId });
}

/** Has the node run something, and `by` answer it. */
async function answers(node: PairedNode, by: RawClient): Promise<void> {
  const from = by.frames.length;
  const { nodeId } = node;
  const asked = op.request("node.invoke", invokeParams(nodeId, "system.which"));
  const { id } = await eventOf(by, "node.invoke.request", from);
  await by.request("node.invoke.result", { id, nodeId, ok: true });
  expect((await asked).ok).toBe(true);
}

/** Ends a connection of a node, and waits until the gateway knows. */
async function ends(node: PairedNode, client: RawClient): Promise<void> {
  const { registry } = gateway.server.gateway;
  const before = registry.of(node.nodeId).length;
  client.ws.terminate();
  await until(() => registry.of(node.nodeId).length < before, "its end");
}

describe("of a node with several connections", () => {
  test("the newest serves, and the next takes over the moment it leaves; none is closed", async () => {
    const node = await approvedNode(gateway, ["system.which"]);
    const second = await alsoAs(node);
    expect(await eventOf(node.client, "node.standby")).toMatchObject({ standby: true });
    await answers(node, second);
    const third = await alsoAs(node);
    await answers(node, third);
    expect((await row(node.nodeId)).standbys).toHaveLength(2);
    // One that stands by goes, and nothing else happens.
    await ends(node, second);
    await answers(node, third);
    const from = node.client.frames.length;
    await ends(node, third);
    expect(await eventOf(node.client, "node.standby", from)).toMatchObject({ standby: false });
    await answers(node, node.client);
    expect(await row(node.nodeId)).toMatchObject({ connected: true });
    expect(await row(node.nodeId)).not.toHaveProperty("standbys");
    expect(node.client.closed).toBeUndefined();
    await ends(node, node.client);
    expect(await row(node.nodeId)).toMatchObject({ connected: false });
    const gone = await op.request("node.invoke", invokeParams(node.nodeId, "system.which"));
    expect(gone.error.details.code).toBe("NOT_CONNECTED");
  });

  test("invokes of the one that left end exactly, and the next one is asked nothing twice", async () => {
    const node = await approvedNode(gateway, ["system.which"]);
    const second = await alsoAs(node);
    const asked = op.request("node.invoke", invokeParams(node.nodeId, "system.which"));
    await eventOf(second, "node.invoke.request");
    const from = node.client.frames.length;
    await ends(node, second);
    expect((await asked).error).toMatchObject({
      message: "DISCONNECTED: node disconnected (system.which)",
      details: { nodeError: { code: "DISCONNECTED" }, nodeCommandDispatched: true },
    });
    await answers(node, node.client);
    const requests = node.client.frames
      .slice(from)
      .filter((f) => f.event === "node.invoke.request");
    expect(requests).toHaveLength(1);
  });

  test("a repeated invoke of the one that left runs on no other", async () => {
    const node = await approvedNode(gateway, ["system.which"]);
    const second = await alsoAs(node);
    const params = invokeParams(node.nodeId, "system.which");
    const asked = op.request("node.invoke", params);
    await eventOf(second, "node.invoke.request");
    await ends(node, second);
    await asked;
    const from = node.client.frames.length;
    const { error } = await op.request("node.invoke", params);
    expect(error.details).toMatchObject({
      nodeError: { code: "DISCONNECTED" },
      outcome: "unknown",
    });
    await node.client.request("health", {});
    const requests = node.client.frames
      .slice(from)
      .filter((f) => f.event === "node.invoke.request");
    expect(requests).toEqual([]);
  });

  test("what another program or machine runs goes on, and is answered by it", async () => {
    const node = await approvedNode(gateway, ["system.which"]);
    const { nodeId } = node;
    const asked = op.request("node.invoke", invokeParams(nodeId, "system.which"));
    const { id } = await eventOf(node.client, "node.invoke.request");
    await alsoAs(node, { name: "other" });
    const chunk = { invokeId: id, nodeId, seq: 0, chunk: "still" };
    expect((await node.client.request("node.invoke.progress", chunk)).payload).toEqual({
      ok: true,
    });
    const answer = { id, nodeId, ok: true, payload: "mine" };
    expect((await node.client.request("node.invoke.result", answer)).payload).toEqual({ ok: true });
    expect((await asked).payload.payload).toBe("mine");
    const late = await node.client.request("node.invoke.result", answer);
    expect(late.error.details).toMatchObject({ code: "PAIRING_CHANGED", reason: "standby" });
  });

  test("one that stands by gets no work and is not heard, and has what it published when it serves", async () => {
    const node = await approvedNode(gateway, ["system.which"]);
    const { nodeId } = node;
    const tools = [{ pluginId: "p", name: "a", description: "A", command: "system.which" }];
    expect((await node.client.request("node.pluginTools.update", { tools })).ok).toBe(true);
    const stats = { cpuCount: 7, memoryTotalBytes: 2, memoryFreeBytes: 1 };
    const report = { event: "node.host.stats", payload: stats };
    expect((await node.client.request("node.event", report)).ok).toBe(true);
    const second = await alsoAs(node, { name: "other" });
    expect(await row(nodeId)).not.toHaveProperty("nodePluginTools");
    for (const [method, params] of [
      ["node.event", report],
      ["node.pluginTools.update", { tools: [] }],
      ["node.pending.drain", {}],
    ] as const) {
      expect((await node.client.request(method, params)).error).toMatchObject({
        code: "UNAVAILABLE",
        retryable: true,
        details: { code: "PAIRING_CHANGED", reason: "standby", cure: expect.any(String) },
      });
    }
    await ends(node, second);
    expect(await row(nodeId)).toMatchObject({ nodePluginTools: tools, hostStats: stats });
    expect((await node.client.request("node.pending.drain", {})).ok).toBe(true);
  });

  test("each offers its own: the one that serves decides what may be asked", async () => {
    const node = await approvedNode(gateway, ["system.which", "system.notify"]);
    const { nodeId } = node;
    const second = await alsoAs(node, {}, ["system.which"]);
    expect((await row(nodeId)).commands).toEqual(["system.which"]);
    const no = await op.request("node.invoke", invokeParams(nodeId, "system.notify"));
    expect(no.error.details.reason).toBe("command not declared by node");
    await ends(node, second);
    expect((await row(nodeId)).commands).toEqual(["system.notify", "system.which"]);
    const asked = op.request("node.invoke", invokeParams(nodeId, "system.notify"));
    const { id } = await eventOf(node.client, "node.invoke.request");
    await node.client.request("node.invoke.result", { id, nodeId, ok: true });
    expect((await asked).ok).toBe(true);
  });

  test("a request for what the newer one offers keeps its code while the older serves", async () => {
    const node = await approvedNode(gateway, ["system.which"]);
    const { nodeId } = node;
    const wide = ["system.which", "system.run"];
    const second = await alsoAs(node, {}, wide);
    const code = await capabilitiesCode(gateway, nodeId);
    await ends(node, second);
    expect((await row(nodeId)).pendingRequestId).toBe(code);
    const third = await alsoAs(node, {}, wide);
    expect((await row(nodeId)).pendingRequestId).toBe(code);
    await gateway.host("node.pair.approve", { requestId: code });
    // Both have heard of it: what was approved is the key's.
    for (const client of [node.client, third]) {
      const resolved = await client.next(
        ({ event, payload }) => event === "node.pair.resolved" && payload.requestId === code,
      );
      expect(resolved.payload.decision).toBe("approved");
    }
  });

  test.each([
    ["node.pair.remove", (nodeId: string) => ({ nodeId })],
    ["device.pair.remove", (deviceId: string) => ({ deviceId })],
    ["device.token.revoke", (deviceId: string) => ({ deviceId, role: "node" })],
    ["device.token.rotate", (deviceId: string) => ({ deviceId, role: "node" })],
  ])("%s closes all of them, and none takes over meanwhile", async (name, params) => {
    const node = await approvedNode(gateway, ["system.which"]);
    const others = [await alsoAs(node), await alsoAs(node, { name: "other" })];
    const lines = gateway.log.length;
    await gateway.host(name, params(node.nodeId));
    world.advance(1);
    for (const client of [node.client, ...others]) {
      expect(await client.end()).toEqual({ code: 4001, reason: "device removed" });
    }
    const took = gateway.log.slice(lines).filter(({ message }) => message.includes("takes over"));
    expect(took).toEqual([]);
  });

  test("an operator's connection with the same key stands by for nobody", async () => {
    const made = await gateway.host<Frame>("device.pair.setupCode", {
      publicUrl: "https://gateway.example.com",
    });
    const device = makeDevice();
    const code = JSON.parse(Buffer.from(made.setupCode, "base64url").toString());
    const auth = { bootstrapToken: code.bootstrapToken };
    const node = await RawClient.open(gateway.url);
    const hello = await node.connect({ ...nodeOptions(["system.which"]), device, auth });
    const [{ deviceToken }] = hello.payload.auth.deviceTokens;
    const page = await RawClient.open(gateway.url, { localAddress: "127.0.0.9" });
    const scopes = ["operator.read"];
    expect((await page.connect({ device, scopes, auth: { deviceToken } })).ok).toBe(true);
    const own = await row(device.deviceId);
    expect(own).not.toHaveProperty("standbys");
    expect(own).not.toHaveProperty("keyUsedBy");
    page.close();
    await page.end();
    expect((await row(device.deviceId)).connected).toBe(true);
  });
});

describe("one key on several machines", () => {
  test.each<[string, Place, Place]>([
    ["addresses", { from: "127.0.0.1" }, { from: "127.0.0.7" }],
    ["host names", { name: "attic" }, { name: "cellar" }],
    [
      "addresses and instances",
      { from: "127.0.0.1", instanceId: "a" },
      { from: "127.0.0.7", instanceId: "b" },
    ],
  ])("is named as that by log and lists at once: two %s", async (_what, one, two) => {
    const node = await approvedNode(gateway, ["system.which"]);
    const { nodeId } = node;
    await ends(node, node.client);
    const older = await alsoAs(node, one);
    const lines = gateway.log.length;
    const newer = await alsoAs(node, two);
    expect(await row(nodeId)).toMatchObject({ keyUsedBy: "machines", standbys: [{}] });
    const { paired } = await gateway.host<Frame>("device.pair.list");
    const device = paired.find((one: Frame) => one.deviceId === nodeId);
    expect(device).toMatchObject({ keyUsedBy: "machines", standbys: [{}] });
    const { gateway: figures } = await gateway.host<Frame>("status");
    expect(figures.nodes.sharedKeys).toContainEqual(
      expect.objectContaining({ nodeId, keyUsedBy: "machines" }),
    );
    const [line] = gateway.log.slice(lines).filter(({ level }) => level === "warn");
    expect(line).toMatchObject({
      message: expect.stringContaining("two machines"),
      facts: { nodeId, next: expect.stringContaining("openclaw") },
    });
    for (const client of [older, newer]) await ends(node, client);
  });

  test("a program that comes again from elsewhere is none, unless its old connection lives on", async () => {
    const node = await approvedNode(gateway, ["system.which"]);
    const { nodeId } = node;
    await ends(node, node.client);
    await alsoAs(node, { instanceId: "p", from: "127.0.0.1" });
    const warned = () =>
      gateway.log.filter(({ level, facts }) => level === "warn" && facts["nodeId"] === nodeId);
    await alsoAs(node, { instanceId: "p", from: "127.0.0.7" });
    const own = await row(nodeId);
    expect(own.standbys).toHaveLength(1);
    expect(own).not.toHaveProperty("keyUsedBy");
    expect(warned()).toEqual([]);
    world.advance(limitTable.nodeSettledMs.value);
    expect((await row(nodeId)).keyUsedBy).toBe("machines");
    const [line, ...more] = warned();
    expect(line?.message).toContain("two machines");
    // nodeSaidMs: once in a while is enough.
    await alsoAs(node, { instanceId: "q" });
    expect([more, warned().length]).toEqual([[], 1]);
    world.advance(limitTable.nodeSaidMs.value);
    await alsoAs(node, { instanceId: "r" });
    expect(warned()).toHaveLength(2);
  });

  test("two programs of one machine are called that", async () => {
    const node = await approvedNode(gateway, ["system.which"]);
    await alsoAs(node, { instanceId: "service" });
    await alsoAs(node, { instanceId: "by hand" });
    expect((await row(node.nodeId)).keyUsedBy).toBe("programs");
  });
});

test("deviceSockets: past its share the next connection is refused, and those that are there stay", async () => {
  const small = await startTestGateway({ limits: { deviceSockets: 2 } });
  try {
    const node = await approvedNode(small, ["system.which"]);
    const connect = async () => {
      const client = await RawClient.open(small.url);
      const auth = { deviceToken: node.deviceToken };
      return client.connect({ ...nodeOptions(["system.which"]), device: node.device, auth });
    };
    expect((await connect()).ok).toBe(true);
    expect((await connect()).error.message).toBe("too many connections of this device");
    const { nodeId } = node;
    expect(await small.host("node.describe", { nodeId })).toMatchObject({ connections: 2 });
    expect(node.client.closed).toBeUndefined();
  } finally {
    await small.close();
  }
});
