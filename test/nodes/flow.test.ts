import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Frame, makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import {
  approvedNode,
  capabilitiesCode,
  eventOf,
  invokeParams,
  nodeOptions,
  operator,
  pairNode,
  reconnect,
} from "./support.ts";

const CODE = /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.close();
});

async function describeNode(nodeId: string): Promise<Frame> {
  return gateway.host("node.describe", { nodeId });
}

describe("a node's declared capabilities", () => {
  test("waits for approval, is told to who may pair, and works on the live socket once approved", async () => {
    const watcher = await operator(gateway, ["operator.pairing"]);
    const node = await pairNode(gateway, ["system.which", "system.notify", "no.such"]);
    const asked = await eventOf(watcher, "node.pair.requested");
    expect(asked).toMatchObject({
      nodeId: node.nodeId,
      clientId: "node-host",
      clientMode: "node",
      displayName: "attic",
      platform: "linux",
      version: "2026.9.6",
      caps: ["system"],
      // What no list has for this platform is not asked for.
      commands: ["system.notify", "system.which"],
      requiredApproveScopes: ["operator.pairing", "operator.admin"],
      silent: false,
    });
    expect(asked.requestId).toMatch(CODE);
    expect(asked.nonce).toBeUndefined();
    expect(await describeNode(node.nodeId)).toMatchObject({
      approvalState: "pending-approval",
      pendingRequestId: asked.requestId,
      commands: [],
      connected: true,
      paired: true,
    });
    const op = await operator(gateway);
    const early = await op.request("node.invoke", invokeParams(node.nodeId, "system.which"));
    expect(early.error).toMatchObject({
      code: "UNAVAILABLE",
      message: "node pairing changed while invocation was active",
      retryable: true,
      details: {
        code: "PAIRING_CHANGED",
        cure: "on the gateway host: openclaw nodes pending",
      },
    });
    // Who may decide on it is told its code.
    const params = invokeParams(node.nodeId, "system.which");
    const decider = await operator(gateway, ["operator.write", "operator.pairing"]);
    expect((await decider.request("node.invoke", params)).error.details).toMatchObject({
      cure: `openclaw nodes approve ${asked.requestId}`,
      requestId: asked.requestId,
    });
    const approved = await gateway.host("node.pair.approve", { requestId: asked.requestId });
    expect(approved).toMatchObject({
      requestId: asked.requestId,
      node: { nodeId: node.nodeId, commands: ["system.notify", "system.which"] },
    });
    const told = await eventOf(watcher, "node.pair.resolved");
    expect(told).toMatchObject({ requestId: asked.requestId, decision: "approved" });
    const frame = await node.client.next((f) => f.event === "node.pair.resolved");
    expect(frame.seq).toBeUndefined();
    expect(frame.payload.decision).toBe("approved");
    const answer = op.request("node.invoke", invokeParams(node.nodeId, "system.which"));
    const request = await eventOf(node.client, "node.invoke.request");
    await node.client.request("node.invoke.result", {
      id: request.id,
      nodeId: node.nodeId,
      ok: true,
      payloadJSON: '{"bins":{}}',
    });
    expect((await answer).payload).toEqual({
      ok: true,
      nodeId: node.nodeId,
      command: "system.which",
      payload: { bins: {} },
      payloadJSON: '{"bins":{}}',
    });
  });

  test("widened, it waits under another code while what was approved goes on working", async () => {
    const node = await approvedNode(gateway, ["system.notify"]);
    const { client } = await reconnect(gateway, node, ["system.notify", "system.which"]);
    const first = await capabilitiesCode(gateway, node.nodeId);
    expect(await describeNode(node.nodeId)).toMatchObject({
      approvalState: "pending-reapproval",
      commands: ["system.notify"],
      pendingDeclaredCommands: ["system.notify", "system.which"],
    });
    const op = await operator(gateway, ["operator.write", "operator.pairing"]);
    const waits = await op.request("node.invoke", invokeParams(node.nodeId, "system.which"));
    expect(waits.error.message).toContain(`openclaw nodes approve ${first}`);
    const works = op.request("node.invoke", invokeParams(node.nodeId, "system.notify"));
    const { id } = await eventOf(client, "node.invoke.request");
    await client.request("node.invoke.result", { id, nodeId: node.nodeId, ok: true });
    expect((await works).ok).toBe(true);
    // Asking for the same again keeps the code; asking for more gets another.
    await reconnect(gateway, node, ["system.which", "system.notify"]);
    expect(await capabilitiesCode(gateway, node.nodeId)).toBe(first);
    await reconnect(gateway, node, ["system.notify", "system.which", "system.run"]);
    const second = await capabilitiesCode(gateway, node.nodeId, first);
    await expect(gateway.host("node.pair.approve", { requestId: first })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      message: `unknown requestId: replaced by ${second}, which asks for commands system.run, system.which, system.notify; ability system`,
      details: { code: "UNKNOWN_REQUEST", replacedBy: second },
    });
    // Asking for no more than was approved withdraws the request.
    await reconnect(gateway, node, ["system.notify"]);
    await until(async () => {
      const { approvalState } = await describeNode(node.nodeId);
      return approvalState === "approved";
    }, "the request to be withdrawn");
  });

  test.each([
    [[], ["operator.pairing"], undefined],
    [["system.notify"], ["operator.pairing"], "operator.nodes"],
    [["system.notify"], ["operator.pairing", "operator.nodes"], undefined],
    [["system.run"], ["operator.pairing", "operator.nodes"], "operator.admin"],
    [["fs.listDir"], ["operator.pairing", "operator.nodes"], "operator.admin"],
    [["browser.proxy"], ["operator.pairing", "operator.nodes"], "operator.admin"],
    [["system.execApprovals.get"], ["operator.pairing", "operator.nodes"], "operator.admin"],
  ])("with %j is approved by %j: missing %s", async (commands, scopes, missing) => {
    const node = await pairNode(gateway, commands);
    const requestId = await capabilitiesCode(gateway, node.nodeId);
    // One that came in on the shared secret may manage any device.
    const op = await operator(gateway, scopes);
    const { ok, error } = await op.request("node.pair.approve", { requestId });
    if (missing === undefined) return expect(ok).toBe(true);
    expect(error).toMatchObject({
      code: "FORBIDDEN",
      message: `missing scope: ${missing}`,
      details: {
        code: "MISSING_SCOPE",
        missingScope: missing,
        requiredScopes: ["operator.pairing", missing],
      },
    });
  });

  test("that is rejected grants nothing, and the node hears of it", async () => {
    const node = await pairNode(gateway, ["system.notify"]);
    const requestId = await capabilitiesCode(gateway, node.nodeId);
    expect(await gateway.host("node.pair.reject", { requestId })).toEqual({
      requestId,
      nodeId: node.nodeId,
    });
    expect((await eventOf(node.client, "node.pair.resolved")).decision).toBe("rejected");
    expect((await describeNode(node.nodeId)).approvalState).toBe("unapproved");
  });

  test("is approved by its code as a device's is, typed by a person", async () => {
    const node = await pairNode(gateway, ["system.notify"]);
    const requestId = await capabilitiesCode(gateway, node.nodeId);
    const typed = requestId.replace("-", " ").toLowerCase();
    const shown = await gateway.host("device.pair.show", { requestId: typed });
    expect(shown).toMatchObject({ requestId, commands: ["system.notify"] });
    const approved = await gateway.host("device.pair.approve", { requestId: typed });
    expect(approved).toMatchObject({
      requestId,
      device: { deviceId: node.nodeId, role: "node" },
      node: { nodeId: node.nodeId, commands: ["system.notify"] },
    });
  });

  test("comes approved with the owner's link for a node, once", async () => {
    const bootstrapToken = await gateway.invite({ role: "node", scopes: [] });
    const device = makeDevice();
    const client = await RawClient.open(gateway.url);
    const options = { ...nodeOptions(["system.run"]), device, auth: { bootstrapToken } };
    const hello = await client.connect(options);
    expect(hello.ok).toBe(true);
    const nodeId = device.deviceId;
    await until(async () => (await describeNode(nodeId)).approvalState === "approved", "approval");
    // The link stands for what came with it, not for what comes later.
    const again = await RawClient.open(gateway.url);
    await again.connect({ ...options, params: { commands: ["system.run", "system.which"] } });
    await capabilitiesCode(gateway, nodeId);
    expect((await describeNode(nodeId)).commands).toEqual(["system.run"]);
  });
});

describe("removing", () => {
  test.each([
    ["node.pair.remove", (nodeId: string) => ({ nodeId })],
    ["device.pair.remove", (deviceId: string) => ({ deviceId })],
    ["device.token.revoke", (deviceId: string) => ({ deviceId, role: "node" })],
  ])("by %s closes the node, and a new pairing has to be approved anew", async (name, params) => {
    const node = await approvedNode(gateway, ["system.notify"]);
    const auth = { token: TEST_TOKEN };
    await gateway.host(name, params(node.nodeId));
    expect(await node.client.end()).toEqual({ code: 4001, reason: "device removed" });
    const op = await operator(gateway);
    const gone = await op.request("node.invoke", invokeParams(node.nodeId, "system.notify"));
    expect(gone.error.details.code).toBe("PAIRING_CHANGED");
    await until(() => !gateway.core.nodes.state.nodes.has(node.nodeId), "the record's end");
    const refused = await (await RawClient.open(gateway.url)).connect({
      ...nodeOptions(["system.notify"], { auth }),
      device: node.device,
    });
    const { requestId } = refused.error.details;
    await gateway.host("device.pair.approve", { requestId });
    const back = await RawClient.open(gateway.url);
    const { device } = node;
    const { ok } = await back.connect({ ...nodeOptions(["system.notify"], { auth }), device });
    expect(ok).toBe(true);
    expect((await describeNode(node.nodeId)).commands).toEqual([]);
    expect((await describeNode(node.nodeId)).approvalState).not.toBe("approved");
  });

  test("a token that is exchanged keeps what the node was approved for", async () => {
    const node = await approvedNode(gateway, ["system.notify"]);
    await gateway.host("device.token.rotate", { deviceId: node.nodeId, role: "node" });
    expect((await node.client.end()).code).toBe(4001);
    expect((await describeNode(node.nodeId)).approvalState).toBe("approved");
  });
});

test("after hello a node is told of its wake words, and stays without seq", async () => {
  const { client } = await pairNode(gateway, []);
  const woken = await client.next((f) => f.event === "voicewake.changed");
  expect(woken).toEqual({ type: "event", event: "voicewake.changed", payload: { triggers: [] } });
  const routing = await client.next((f) => f.event === "voicewake.routing.changed");
  expect(routing.payload.config).toMatchObject({ routes: [] });
  expect(routing.seq).toBeUndefined();
});

test("state outlives the gateway: records, codes and approvals", async () => {
  const { nodeId } = await pairNode(gateway, ["system.notify"]);
  await capabilitiesCode(gateway, nodeId);
  const kept = () => {
    const { nodes } = gateway.core.nodes.state;
    const { requests } = gateway.core.documents.requests.durable;
    const granted = [...nodes.values()].map(({ nodeId: id, surface }) => [id, surface]);
    return { granted, requests: [...requests.values()] };
  };
  const before = kept();
  expect(before.granted.length).toBeGreaterThan(3);
  expect(before.requests.length).toBeGreaterThan(3);
  const { stateDir } = gateway;
  await gateway.server.close("stop");
  await gateway.core.close();
  gateway = await startTestGateway({ stateDir });
  expect(kept()).toEqual(before);
});
