import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { openclaw } from "../../src/protocol/command.ts";
import type { Frame } from "../kit/client.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
import {
  approvedNode,
  capabilitiesCode,
  eventOf,
  operator,
  pairNode,
  reconnect,
} from "./support.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.close();
});

const stats = {
  cpuCount: 8,
  loadAverage: [1.25, 1.1, 0.9],
  memoryTotalBytes: 17_179_869_184,
  memoryFreeBytes: 4_294_967_296,
};

describe("node.event", () => {
  test("host stats are kept, shown and told to who may read, at most once in nodeEventMs", async () => {
    const reader = await operator(gateway, ["operator.read"]);
    const stranger = await operator(gateway, ["operator.pairing"]);
    const { client, nodeId } = await approvedNode(gateway, []);
    const payloadJSON = JSON.stringify({ ...stats, extra: "dropped" });
    const answer = await client.request("node.event", { event: "node.host.stats", payloadJSON });
    expect(answer.payload).toEqual({
      ok: true,
      event: "node.host.stats",
      handled: true,
      reason: "updated",
    });
    const told = await eventOf(reader, "node.hostStats");
    expect(told).toEqual({ nodeId, hostStats: { ...stats, updatedAtMs: expect.any(Number) } });
    const next = { ...stats, cpuCount: 9 };
    await client.request("node.event", { event: "node.host.stats", payload: next });
    const { payload } = await reader.request("node.describe", { nodeId });
    expect(payload.hostStats.cpuCount).toBe(9);
    const seen = (frames: readonly Frame[]) => frames.filter((f) => f.event === "node.hostStats");
    expect(seen(reader.frames)).toHaveLength(1);
    expect(seen(stranger.frames)).toHaveLength(0);
    // Figures stay when the node has gone.
    client.close();
    await client.end();
    await expect(gateway.host("node.describe", { nodeId })).resolves.toMatchObject({
      hostStats: { cpuCount: 9 },
    });
  });

  test.each([
    ["node.host.stats", { payloadJSON: "{" }, "invalid_payload"],
    ["node.host.stats", { payload: { cpuCount: 0 } }, "invalid_payload"],
    ["node.host.stats", {}, "invalid_payload"],
    ["node.presence.activity", { payload: { idleSeconds: -1 } }, "invalid_payload"],
    ["no.such.event", { payload: {} }, "unsupported_event"],
    ["__proto__", { payload: {} }, "unsupported_event"],
    ["constructor", { payload: {} }, "unsupported_event"],
  ])("%s with %j is answered with %s", async (event, params, reason) => {
    const { client } = await approvedNode(gateway, []);
    const { payload } = await client.request("node.event", { event, ...params });
    expect(payload).toEqual({ ok: true, event, handled: false, reason });
  });

  test("a person's activity is told by this gateway's clock, and cleared", async () => {
    const reader = await operator(gateway, ["operator.read"]);
    const { client, nodeId } = await approvedNode(gateway, []);
    const send = async (payload: object) =>
      (await client.request("node.event", { event: "node.presence.activity", payload })).payload;
    expect(await send({ action: "clear" })).toMatchObject({ reason: "already_clear" });
    expect(await send({ idleSeconds: 10 })).toMatchObject({ reason: "updated" });
    const told = await eventOf(reader, "node.presence");
    expect(told.presenceUpdatedAtMs - told.lastActiveAtMs).toBe(10_000);
    const row = await gateway.host<Frame>("node.describe", { nodeId });
    expect(row.lastActiveAtMs).toBe(told.lastActiveAtMs);
    expect(await send({ action: "clear" })).toMatchObject({ reason: "cleared" });
  });

  test("a sign of life from the background is durable before it is acknowledged", async () => {
    const { client, nodeId } = await approvedNode(gateway, []);
    const event = "node.presence.alive";
    const send = async () =>
      (await client.request("node.event", { event, payload: { trigger: "silent_push" } })).payload;
    expect(await send()).toEqual({ ok: true, event, handled: true, reason: "persisted" });
    expect(gateway.core.nodes.record(nodeId)?.lastSeenReason).toBe("silent_push");
    expect(await send()).toMatchObject({ reason: "throttled" });
  });
});

test("before approval a node is told so, with the command that helps", async () => {
  const { client, nodeId } = await pairNode(gateway, ["system.notify"]);
  const code = await capabilitiesCode(gateway, nodeId);
  const cure = `openclaw nodes approve ${code}`;
  const event = await client.request("node.event", { event: "node.host.stats", payload: stats });
  expect(event.error).toMatchObject({
    code: "UNAVAILABLE",
    retryable: true,
    details: { code: "PAIRING_CHANGED", cure, requestId: code },
  });
  const inventory = await client.request("node.runnerInventory.update", {});
  expect(inventory.error).toMatchObject({
    code: "UNAVAILABLE",
    retryable: true,
    retryAfterMs: 5000,
    details: { code: "PAIRING_CHANGED", requestId: code, next: [openclaw`nodes approve ${code}`] },
  });
  expect(inventory.error.message).toContain("awaiting operator approval");
  expect(inventory.error.message).toContain(cure);
  for (const method of ["node.pending.pull", "node.pending.drain"]) {
    expect((await client.request(method, {})).error.details.code).toBe("PAIRING_CHANGED");
  }
  await gateway.host("node.pair.approve", { requestId: code });
  const after = await client.request("node.runnerInventory.update", {});
  expect(after.payload).toEqual({ nodeId });
});

test("skills, tools and bins are answered as node hosts expect", async () => {
  const { client, nodeId } = await approvedNode(gateway, ["mcp.tools.call.v1"]);
  const skills = [{ name: "tea", description: "Makes tea", content: "# Tea" }];
  expect((await client.request("node.skills.update", { skills })).payload).toEqual({
    nodeId,
    skills,
  });
  const tool = (name: string, command: string) => ({
    pluginId: "p",
    name,
    description: "d",
    command,
  });
  const tools = [tool("fits", "mcp.tools.call.v1"), tool("denied", "system.run")];
  expect((await client.request("node.pluginTools.update", { tools })).payload).toEqual({
    nodeId,
    tools,
  });
  const row = await gateway.host<Frame>("node.describe", { nodeId });
  // Tools for commands that were not approved are shown to nobody.
  expect(row.nodePluginTools).toEqual([tools[0]]);
  expect((await client.request("skills.bins", {})).payload).toEqual({ bins: [] });
});

test("nodePublishedBytes: more is refused by name", async () => {
  const { client } = await approvedNode(gateway, []);
  const content = "x".repeat(60_000);
  const most = limitTable.nodePublishedBytes.value;
  const count = Math.ceil(most / content.length);
  const skills = Array.from({ length: count }, (_, i) => ({
    name: `s${i}`,
    description: "d",
    content,
  }));
  const { error } = await client.request("node.skills.update", { skills });
  expect(error).toMatchObject({ code: "INVALID_REQUEST", message: "skills too large" });
  const fits = await client.request("node.skills.update", { skills: skills.slice(2) });
  expect(fits.ok).toBe(true);
});

test("a second socket of a node takes over; the first stays open and is told", async () => {
  const node = await approvedNode(gateway, ["system.notify"]);
  const { client } = await reconnect(gateway, node, ["system.notify"]);
  for (const [method, params] of [
    ["node.event", { event: "node.host.stats", payload: stats }],
    ["node.skills.update", { skills: [] }],
    ["node.pending.pull", {}],
    ["node.invoke.result", { id: "x", nodeId: node.nodeId, ok: true }],
  ] as const) {
    const { error } = await node.client.request(method, params);
    expect(error).toMatchObject({ code: "UNAVAILABLE", details: { code: "PAIRING_CHANGED" } });
    expect((await client.request(method, params)).ok).toBe(true);
  }
  expect((await node.client.request("health")).ok).toBe(true);
  // When the old one goes, the new one still counts.
  node.client.close();
  await node.client.end();
  expect(await gateway.host("node.describe", { nodeId: node.nodeId })).toMatchObject({
    connected: true,
  });
});

test("nodes may call nothing but their own methods and health", async () => {
  const { client } = await approvedNode(gateway, []);
  for (const method of ["node.list", "node.invoke", "device.pair.list", "status"]) {
    const { error } = await client.request(method, {});
    expect(error).toMatchObject({ message: "unauthorized role: node" });
  }
});
