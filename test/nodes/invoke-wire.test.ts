import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { at, blank, openclaw } from "../../src/protocol/command.ts";
import type { Frame, RawClient } from "../kit/client.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import {
  approvedNode,
  eventOf,
  invokeParams,
  operator,
  type PairedNode,
  reconnect,
} from "./support.ts";

let gateway: TestGateway;
let op: RawClient;
let node: PairedNode;
beforeAll(async () => {
  // A caller that is lost is not waited for (repeated-invoke.test.ts is about that).
  gateway = await startTestGateway({ limits: { nodeInvokeReturnMs: 0 } });
  op = await operator(gateway);
  node = await approvedNode(gateway, ["system.which", "system.notify", "fs.listDir"]);
});
afterAll(async () => {
  await gateway.close();
});

function invoke(command: string, more: object = {}, from = op): Promise<Frame> {
  return from.request("node.invoke", invokeParams(node.nodeId, command, more));
}

async function requested(client = node.client, from = client.frames.length): Promise<Frame> {
  return eventOf(client, "node.invoke.request", from);
}

function result(more: object, client = node.client): Promise<Frame> {
  return client.request("node.invoke.result", { nodeId: node.nodeId, ok: true, ...more });
}

test.each([
  [{}, null],
  [{ params: undefined }, null],
  [{ params: null }, "null"],
  [{ params: {} }, "{}"],
  [{ params: 0 }, "0"],
])("params %j reach the node as %j", async (more, paramsJSON) => {
  const from = node.client.frames.length;
  const answer = invoke("system.which", more);
  const { id, paramsJSON: sent } = await requested(node.client, from);
  expect(sent).toBe(paramsJSON);
  await result({ id });
  expect((await answer).ok).toBe(true);
});

describe("a result", () => {
  test.each([
    [{ payloadJSON: '{"a":[1, 2]}' }, { payload: { a: [1, 2] }, payloadJSON: '{"a":[1, 2]}' }],
    [{ payload: { b: 1 } }, { payload: { b: 1 }, payloadJSON: null }],
    [{ payloadJSON: "{no" }, { payload: { payloadJSON: "{no" }, payloadJSON: "{no" }],
    [{}, { payloadJSON: null }],
  ])("%j is answered as %j", async (sent, answer) => {
    const next = requested();
    const answered = invoke("system.which", { params: { bins: ["sh"] }, timeoutMs: 15_000 });
    const request = await next;
    expect(request).toMatchObject({ paramsJSON: '{"bins":["sh"]}', timeoutMs: 15_000 });
    expect((await result({ id: request.id, ...sent })).payload).toEqual({ ok: true });
    const { nodeId } = node;
    expect((await answered).payload).toEqual({
      ok: true,
      nodeId,
      command: "system.which",
      ...answer,
    });
  });

  test("that is late, unknown or somebody else's is ignored or refused", async () => {
    const unknown = await result({ id: "nothing-waits-for-this" });
    expect(unknown.payload).toEqual({ ok: true, ignored: true });
    const other = await result({ id: "x", nodeId: "somebody-else" });
    expect(other.error).toMatchObject({ code: "INVALID_REQUEST", message: "nodeId mismatch" });
  });
});

describe("a failure", () => {
  test("of the node is handed on", async () => {
    const next = requested();
    const answered = invoke("system.which");
    const { id } = await next;
    await result({ id, ok: false, error: { code: "UNAVAILABLE", message: "boom" } });
    expect((await answered).error).toEqual({
      code: "UNAVAILABLE",
      message: "UNAVAILABLE: boom",
      details: {
        nodeError: { code: "UNAVAILABLE", message: "boom" },
        nodeCommandDispatched: true,
      },
    });
  });

  test("to answer in time ends it for both sides", async () => {
    const from = node.client.frames.length;
    const { error } = await invoke("system.which", { timeoutMs: 20 });
    expect(error).toEqual({
      code: "UNAVAILABLE",
      message: "TIMEOUT: node invoke timed out",
      details: {
        nodeError: { code: "TIMEOUT", message: "node invoke timed out" },
        nodeCommandDispatched: true,
      },
    });
    const { id } = await requested(node.client, from);
    const cancel = await eventOf(node.client, "node.invoke.cancel", from);
    expect(cancel).toEqual({ invokeId: id, nodeId: node.nodeId });
    expect((await result({ id })).payload).toEqual({ ok: true, ignored: true });
  });

  test.each([
    ["system.run", "command not declared by node", 'does not offer "system.run"'],
    ["camera.snap", "command not allowlisted", "gateway.nodes.commands.allow"],
    ["made.up", "command not allowlisted", 'platform "linux"'],
  ])("%s is refused: %s", async (command, reason, words) => {
    const { error } = await invoke(command);
    expect(error).toMatchObject({ code: "INVALID_REQUEST", details: { reason, command } });
    expect(error.message).toMatch(/^node command not allowed: /);
    expect(error.message).toContain(words);
  });

  test("nodeKeyChars and the length of a command bound what comes back", async () => {
    const { nodeKeyChars, nodeCapabilityChars } = limitTable;
    const idempotencyKey = "k".repeat(nodeKeyChars.value + 1);
    const key = await invoke("system.which", { idempotencyKey });
    expect(key.error).toMatchObject({ message: "idempotencyKey too long" });
    const command = await invoke("c".repeat(nodeCapabilityChars.value + 1));
    expect(command.error).toMatchObject({ message: "command too long" });
  });

  test("exec approvals have methods of their own, and files take admin", async () => {
    const { error } = await invoke("system.execApprovals.get");
    expect(error).toMatchObject({ code: "INVALID_REQUEST" });
    expect(error.message).toContain("exec.approvals.node.*");
    const files = await invoke("fs.listDir");
    expect(files.error).toMatchObject({
      code: "FORBIDDEN",
      message: "missing scope: operator.admin",
    });
    const admin = await operator(gateway, ["operator.admin"]);
    const next = requested();
    const answered = invoke("fs.listDir", {}, admin);
    await result({ id: (await next).id });
    expect((await answered).ok).toBe(true);
  });

  test("of who asks for an unknown node or has no right to", async () => {
    const params = invokeParams("nobody", "system.which");
    const { error } = await op.request("node.invoke", params);
    expect(error).toMatchObject({
      code: "UNAVAILABLE",
      message: "node pairing changed while invocation was active",
      retryable: true,
      details: { code: "PAIRING_CHANGED" },
    });
    const reader = await operator(gateway, ["operator.read"]);
    const refused = await invoke("system.which", {}, reader);
    expect(refused.error.message).toBe("missing scope: operator.nodes");
  });

  test("of the node's connection, and then of a node that is away", async () => {
    const gone = await approvedNode(gateway, ["system.which"]);
    const params = invokeParams(gone.nodeId, "system.which");
    const answered = op.request("node.invoke", params);
    await eventOf(gone.client, "node.invoke.request");
    gone.client.ws.terminate();
    const message = "DISCONNECTED: node disconnected (system.which)";
    expect((await answered).error).toMatchObject({
      code: "UNAVAILABLE",
      message,
      details: { nodeError: { code: "DISCONNECTED" }, nodeCommandDispatched: true },
    });
    // A new one: under the key of the first it would be told of that one.
    const anew = invokeParams(gone.nodeId, "system.which");
    const { error } = await op.request("node.invoke", anew);
    expect(error).toEqual({
      code: "UNAVAILABLE",
      message: "node not connected",
      details: {
        code: "NOT_CONNECTED",
        nodeError: { code: "NOT_CONNECTED", message: "node not connected" },
        nodeCommandDispatched: false,
        cure: expect.stringMatching(/^openclaw nodes describe [0-9a-f]{64} .*openclaw connect/),
        next: expect.arrayContaining([
          openclaw`nodes describe ${gone.nodeId}`,
          at("node", openclaw`connect ${blank("<wss://…>")}`),
        ]),
      },
    });
  });
});

test("a caller that goes takes its invoke along, and the node is told", async () => {
  const caller = await operator(gateway);
  const from = node.client.frames.length;
  caller.send({
    type: "req",
    id: "1",
    method: "node.invoke",
    params: invokeParams(node.nodeId, "system.which"),
  });
  const { id } = await requested(node.client, from);
  caller.ws.terminate();
  const cancel = await eventOf(node.client, "node.invoke.cancel", from);
  expect(cancel).toEqual({ invokeId: id, nodeId: node.nodeId });
  await until(() => gateway.core.nodes.invokes.size === 0, "an empty table");
});

test("a second socket gets the invokes from then on; those of the first end", async () => {
  const two = await approvedNode(gateway, ["system.which"]);
  const params = () => invokeParams(two.nodeId, "system.which");
  const first = op.request("node.invoke", params());
  await eventOf(two.client, "node.invoke.request");
  const { client } = await reconnect(gateway, two, ["system.which"]);
  expect((await first).error.message).toBe("DISCONNECTED: node disconnected (system.which)");
  const second = op.request("node.invoke", params());
  const { id } = await eventOf(client, "node.invoke.request");
  await client.request("node.invoke.result", { id, nodeId: two.nodeId, ok: true });
  expect((await second).ok).toBe(true);
});

test("progress reaches the caller in order; nodeChunkBytes is the most of one", async () => {
  const next = requested();
  const from = op.frames.length;
  const idempotencyKey = "with-progress";
  const answered = invoke("system.which", { idempotencyKey });
  const { id } = await next;
  const { nodeId, client } = node;
  const send = (seq: number, chunk: string) =>
    client.request("node.invoke.progress", { invokeId: id, nodeId, seq, chunk });
  expect((await send(0, "one")).payload).toEqual({ ok: true });
  expect((await send(0, "one")).payload).toEqual({ ok: true, ignored: true });
  const euro = "€".repeat(limitTable.nodeChunkBytes.value / 3 + 1);
  expect((await send(1, euro)).error.message).toBe("progress chunk too large");
  await send(1, "two");
  await result({ id });
  await answered;
  const frames = op.frames.slice(from).filter((f) => f.event === "node.invoke.progress");
  expect(frames.map(({ seq, payload }) => [seq, payload])).toEqual([
    [undefined, { invokeId: id, nodeId, seq: 0, chunk: "one", idempotencyKey }],
    [undefined, { invokeId: id, nodeId, seq: 1, chunk: "two", idempotencyKey }],
  ]);
});

test("an owner's deny list ends a command on live sockets at once, an allow list asks for more", async () => {
  const phone = { id: "openclaw-ios", version: "1", platform: "iOS 18.4", mode: "node" };
  const ios = await approvedNode(gateway, ["device.info", "camera.snap"], { client: phone });
  const call = (command: string) => op.request("node.invoke", invokeParams(ios.nodeId, command));
  expect((await call("camera.snap")).error.details.reason).toBe("command not allowlisted");
  const set = (path: string, value: string) => gateway.host("host.config.set", { path, value });
  await set("gateway.nodes.commands.allow", '["camera.snap"]');
  await until(async () => {
    const row = await gateway.host<Frame>("node.describe", { nodeId: ios.nodeId });
    return row.pendingDeclaredCommands?.includes("camera.snap");
  }, "the node's wider request");
  await set("gateway.nodes.commands.deny", '["device.info"]');
  const denied = await call("device.info");
  expect(denied.error.message).toContain("gateway.nodes.commands.deny");
});

test("only the code of a phone's error says that it is in the background", async () => {
  const phone = { id: "openclaw-ios", version: "1", platform: "iOS 18.4", mode: "node" };
  const ios = await approvedNode(gateway, ["camera.list"], { client: phone });
  const answered = op.request("node.invoke", invokeParams(ios.nodeId, "camera.list"));
  const { id } = await eventOf(ios.client, "node.invoke.request");
  const error = { code: "UNAVAILABLE", message: "not NODE_BACKGROUND_UNAVAILABLE" };
  const { nodeId } = ios;
  await ios.client.request("node.invoke.result", { id, nodeId, ok: false, error });
  expect((await answered).error.details).toMatchObject({ nodeError: { code: "UNAVAILABLE" } });
});

test("a phone in the background gets its command when it is back", async () => {
  const phone = { id: "openclaw-ios", version: "1", platform: "iOS 18.4", mode: "node" };
  const ios = await approvedNode(gateway, ["camera.list"], { client: phone });
  const answered = op.request(
    "node.invoke",
    invokeParams(ios.nodeId, "camera.list", { params: { a: 1 } }),
  );
  const { id } = await eventOf(ios.client, "node.invoke.request");
  const error = { code: "NODE_BACKGROUND_UNAVAILABLE", message: "in the background" };
  const { nodeId } = ios;
  await ios.client.request("node.invoke.result", { id, nodeId, ok: false, error });
  const { details } = (await answered).error;
  expect(details).toMatchObject({ code: "QUEUED_UNTIL_FOREGROUND", nodeId });
  const pulled = (await ios.client.request("node.pending.pull", {})).payload;
  expect(pulled).toEqual({
    nodeId,
    actions: [
      {
        id: details.queuedActionId,
        command: "camera.list",
        paramsJSON: '{"a":1}',
        enqueuedAtMs: expect.any(Number),
      },
    ],
  });
  const ids = [details.queuedActionId];
  expect((await ios.client.request("node.pending.ack", { ids })).payload).toEqual({
    nodeId,
    ackedIds: ids,
    remainingCount: 0,
  });
});

test("work left for a node that is away is there when it comes", async () => {
  const away = await approvedNode(gateway, ["system.notify"]);
  away.client.close();
  await away.client.end();
  const { nodeId } = away;
  const asked = { nodeId, type: "location.request", priority: "high" };
  const { payload } = await op.request("node.pending.enqueue", asked);
  expect(payload).toMatchObject({
    nodeId,
    queued: { type: "location.request" },
    wakeTriggered: false,
  });
  const { client } = await reconnect(gateway, away, ["system.notify"]);
  const drained = (await client.request("node.pending.drain", {})).payload;
  expect(drained).toMatchObject({ nodeId, hasMore: false });
  expect(drained.items.map(({ type }: Frame) => type)).toEqual([
    "location.request",
    "status.request",
  ]);
  const unknown = await op.request("node.pending.enqueue", { ...asked, nodeId: "nobody" });
  expect(unknown.error.details.code).toBe("PAIRING_CHANGED");
});
