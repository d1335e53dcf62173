import { afterAll, beforeAll, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { type Frame, makeDevice } from "../kit/client.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
import { approvedNode, capabilitiesCode, operator, pairNode } from "./support.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.close();
});

test("node.list shows what each node may do, who is connected and what waits", async () => {
  const approved = await approvedNode(gateway, ["system.notify"], {
    params: { pathEnv: "/usr/bin:/bin", permissions: { screen: true } },
  });
  const waiting = await pairNode(gateway, ["system.run"]);
  const code = await capabilitiesCode(gateway, waiting.nodeId);
  const op = await operator(gateway, ["operator.read", "operator.pairing"]);
  const { payload } = await op.request("node.list", {});
  expect(payload.ts).toBeGreaterThan(0);
  const row = (id: string) => payload.nodes.find(({ nodeId }: Frame) => nodeId === id);
  expect(row(approved.nodeId)).toMatchObject({
    displayName: "attic",
    platform: "linux",
    version: "2026.9.6",
    clientId: "node-host",
    clientMode: "node",
    caps: ["system"],
    commands: ["system.notify"],
    permissions: { screen: true },
    pathEnv: "/usr/bin:/bin",
    approvalState: "approved",
    paired: true,
    connected: true,
    connectedAtMs: expect.any(Number),
    approvedAtMs: expect.any(Number),
    lastSeenReason: "connect",
  });
  expect(row(waiting.nodeId)).toMatchObject({
    commands: [],
    approvalState: "pending-approval",
    pendingRequestId: code,
    pendingDeclaredCommands: ["system.run"],
  });
  const one = await op.request("node.describe", { nodeId: approved.nodeId });
  expect(one.payload).toMatchObject(row(approved.nodeId));
  const unknown = await op.request("node.describe", { nodeId: "nobody" });
  expect(unknown.error).toMatchObject({ code: "INVALID_REQUEST", message: "unknown nodeId" });
});

test("a node that was removed is gone from the list at once, before its connection is", async () => {
  const { nodeId } = await approvedNode(gateway, []);
  await gateway.host("node.pair.remove", { nodeId });
  const [list, described] = await Promise.allSettled([
    gateway.host<Frame>("node.list"),
    gateway.host("node.describe", { nodeId }),
  ]);
  const { nodes } = list.status === "fulfilled" ? list.value : { nodes: [{ nodeId }] };
  expect(nodes.map((row: Frame) => row.nodeId)).not.toContain(nodeId);
  expect(described.status).toBe("rejected");
});

test("a name the owner gives is the device's and the node's", async () => {
  const { nodeId } = await approvedNode(gateway, []);
  const params = { nodeId, displayName: " Cellar\u0007 " };
  expect(await gateway.host("node.rename", params)).toEqual({ nodeId, displayName: "Cellar" });
  expect(await gateway.host("node.describe", { nodeId })).toMatchObject({ displayName: "Cellar" });
  const { paired } = await gateway.host<Frame>("device.pair.list");
  expect(paired.find((row: Frame) => row.deviceId === nodeId).operatorLabel).toBe("Cellar");
  await expect(gateway.host("node.rename", { nodeId, displayName: "\u200b" })).rejects.toThrow(
    "displayName required",
  );
  await expect(gateway.host("node.rename", { nodeId: "x", displayName: "y" })).rejects.toThrow(
    "unknown nodeId",
  );
});

test("node.pair.list and device.pair.list both show what waits and what was approved", async () => {
  const approved = await approvedNode(gateway, ["system.notify"]);
  const waiting = await pairNode(gateway, ["system.which"]);
  const requestId = await capabilitiesCode(gateway, waiting.nodeId);
  const lists = await gateway.host<Frame>("node.pair.list");
  expect(lists.pending[0]).toMatchObject({ requestId, nodeId: waiting.nodeId, silent: false });
  const record = lists.paired.find((row: Frame) => row.nodeId === approved.nodeId);
  expect(record).toMatchObject({ commands: ["system.notify"], connected: true });
  expect(record.pairing).toBeUndefined();
  const { paired } = await gateway.host<Frame>("device.pair.list");
  const device = (id: string) => paired.find((row: Frame) => row.deviceId === id);
  expect(device(approved.nodeId).nodeSurface).toMatchObject({ commands: ["system.notify"] });
  expect(device(waiting.nodeId)).toMatchObject({
    pendingNodeSurface: { requestId, commands: ["system.which"] },
  });
});

test("nodes are in the presence list, and a node's hello shows it none", async () => {
  const node = await pairNode(gateway, []);
  const hello = node.client.frames.find((frame) => frame.payload?.type === "hello-ok");
  expect(hello.payload).toMatchObject({
    auth: { role: "node", scopes: [], deviceToken: expect.any(String) },
    snapshot: { presence: [] },
  });
  const entries = await gateway.host<Frame[]>("system-presence");
  const own = entries.find(({ deviceId }) => deviceId === node.nodeId);
  expect(own).toMatchObject({ mode: "node", roles: ["node"], host: "attic" });
});

test("nodeListRows: past it connected nodes and those that wait come first", async () => {
  const many = await startTestGateway();
  const most = limitTable.nodeListRows.value;
  const ids = Array.from({ length: most + 5 }, () => makeDevice().deviceId);
  const token = { generation: 1, scopes: [], createdAtMs: 1 };
  for (let at = 0; at < ids.length; at += 500) {
    const changes = ids.slice(at, at + 500).map((deviceId) => ({
      op: "device" as const,
      device: {
        deviceId,
        publicKey: "k",
        clientId: "node-host",
        clientMode: "node",
        roles: ["node" as const],
        scopes: [],
        approvedVia: "owner" as const,
        createdAtMs: 1,
        approvedAtMs: 1,
        tokens: { node: token },
      },
    }));
    await many.core.documents.pairing.commit(changes);
  }
  const here = await pairNode(many, ["system.notify"]);
  await capabilitiesCode(many, here.nodeId);
  const list = await many.host<Frame>("node.list");
  expect(list).toMatchObject({ truncated: true, nodes: { length: most } });
  expect(list.nodes[0]).toMatchObject({ nodeId: here.nodeId, connected: true });
  await many.close();
});
