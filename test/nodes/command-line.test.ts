import { afterAll, beforeAll, expect, test } from "vitest";
import { openOffline } from "../../src/main/offline.ts";
import { grantedCapabilities, offer } from "../fault/support/nodes.ts";
import { auth, host } from "../fault/support/owner.ts";
import { type Frame, RawClient } from "../kit/client.ts";
import { GatewayProcess } from "../kit/process.ts";

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.start();
});
afterAll(async () => {
  await gateway.close();
});

test("a node's code is approved and rejected where people type codes of devices", async () => {
  const first = await offer(gateway, ["system.notify"]);
  const said = await gateway.ok(["devices", "approve", first.requestId.toLowerCase()]);
  expect(said).toContain("Approved");
  expect((await grantedCapabilities(gateway)).get(first.nodeId)).toBe("system.notify");
  const second = await offer(gateway, ["system.notify"]);
  expect(await gateway.ok(["devices", "reject", second.requestId])).toContain("Rejected");
  expect((await grantedCapabilities(gateway)).has(second.nodeId)).toBe(false);
  for (const { client } of [first, second]) client.close();
});

test("with the gateway stopped nodes are listed and approved on the state itself", async () => {
  const { client, device, nodeId, requestId } = await offer(gateway, ["system.which"]);
  client.close();
  await gateway.stop();
  const offline = await openOffline({ env: gateway.env });
  const { pending } = (await offline.request("node.pair.list")) as Frame;
  expect(pending).toMatchObject([{ requestId, nodeId, commands: ["system.which"] }]);
  await offline.request("node.pair.approve", { requestId });
  const { nodes } = (await offline.request("node.list")) as Frame;
  const row = nodes.find((one: Frame) => one.nodeId === nodeId);
  expect(row).toMatchObject({ approvalState: "approved", connected: false });
  await offline.close();

  await gateway.start();
  const back = await RawClient.open(gateway.url);
  const node = { id: "node-host", version: "1", platform: "linux", mode: "node" };
  const params = { commands: ["system.which"] };
  const { ok } = await back.connect({ device, auth, role: "node", client: node, params });
  expect(ok).toBe(true);
  const described = await host<Frame>(gateway, "node.describe", { nodeId });
  expect(described).toMatchObject({ approvalState: "approved", commands: ["system.which"] });
  back.close();
});

test("what was acknowledged about a node is there after kill -9", async () => {
  const { client, device, nodeId, requestId } = await offer(gateway, ["system.notify"]);
  const wider = await offer(gateway, ["system.which"]);
  await host(gateway, "node.pair.approve", { requestId });
  const asked = { nodeId, type: "location.request" };
  const { queued } = await host<Frame>(gateway, "node.pending.enqueue", asked);
  await gateway.kill();
  await Promise.all([client.end(), wider.client.end()]);
  await gateway.start();
  const kept = await grantedCapabilities(gateway);
  expect(kept.get(nodeId)).toBe("system.notify");
  expect(kept.get(wider.nodeId)).toBe(wider.requestId);
  const back = await RawClient.open(gateway.url);
  const node = { id: "node-host", version: "1", platform: "linux", mode: "node" };
  const params = { commands: ["system.notify"] };
  await back.connect({ device, auth, role: "node", client: node, params });
  const { payload } = await back.request("node.pending.drain", {});
  expect(payload.items[0]).toEqual(queued);
  back.close();
});
