import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { type Frame, makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { HandWorld } from "../kit/world.ts";
import { approvedNode, eventOf, operator, type PairedNode, reconnect } from "./support.ts";

const world = new HandWorld();
let gateway: TestGateway;
let node: PairedNode;
beforeAll(async () => {
  gateway = await startTestGateway({ world });
  node = await approvedNode(gateway, ["system.which", "system.notify"]);
});
afterAll(async () => {
  await gateway.close();
});

/** An operator's device, which connects as often as it likes. */
class Caller {
  readonly device = makeDevice();
  readonly scopes = ["operator.read", "operator.write"];

  async pair(): Promise<RawClient> {
    const auth = { token: TEST_TOKEN };
    const { device, scopes } = this;
    return (await pairAndConnect(gateway, { device, scopes, auth })).client;
  }

  async again(): Promise<RawClient> {
    const client = await RawClient.open(gateway.url);
    const { device, scopes } = this;
    const hello = await client.connect({ device, scopes, auth: { token: TEST_TOKEN } });
    expect(hello.ok).toBe(true);
    return client;
  }
}

let serial = 0;
let key: string;
let caller: Caller;
let op: RawClient;
beforeEach(async () => {
  serial += 1;
  key = `key-${serial}`;
  caller = new Caller();
  op = await caller.pair();
});

function ask(client: RawClient, more: object = {}): Promise<Frame> {
  const { nodeId } = node;
  const base = { nodeId, command: "system.which", params: { bins: ["sh"], n: 1 } };
  return client.request("node.invoke", { ...base, idempotencyKey: key, ...more });
}

/** The requests that `client`, a node, was sent under the key of this test. */
function sent(client = node.client): Frame[] {
  return client.frames
    .filter(({ event }) => event === "node.invoke.request")
    .map(({ payload }) => payload)
    .filter(({ idempotencyKey }) => idempotencyKey === key);
}

async function requested(client = node.client): Promise<Frame> {
  return until(() => sent(client)[0], "the node's request");
}

function result(more: object, client = node.client): Promise<Frame> {
  return client.request("node.invoke.result", { nodeId: node.nodeId, ok: true, ...more });
}

/** Resolves once the gateway has dealt with all that `client` sent so far. */
async function settled(client: RawClient): Promise<void> {
  await client.request("health", {});
}

describe("a node.invoke under a key that was used", () => {
  test("joins the one that runs, and gets its answer and its output", async () => {
    const first = ask(op);
    const { id } = await requested();
    const other = await caller.again();
    const second = ask(other);
    const third = ask(op);
    await settled(other);
    await settled(op);
    const { nodeId } = node;
    const chunk = { invokeId: id, nodeId, seq: 0, chunk: "half" };
    await node.client.request("node.invoke.progress", chunk);
    await result({ id, payloadJSON: '{"bins":{}}' });
    const answers = await Promise.all([first, second, third]);
    for (const { payload } of answers) expect(payload.payloadJSON).toBe('{"bins":{}}');
    expect(await eventOf(other, "node.invoke.progress")).toMatchObject({ chunk: "half" });
    expect(op.frames.filter(({ event }) => event === "node.invoke.progress")).toHaveLength(1);
    expect(sent()).toHaveLength(1);
  });

  test("gets the answer again, over another connection too, and the order of names is no matter", async () => {
    const first = ask(op);
    await result({ id: (await requested()).id, payloadJSON: '{"a":1}' });
    const { payload } = await first;
    op.close();
    const other = await caller.again();
    expect((await ask(other)).payload).toEqual(payload);
    expect((await ask(other, { params: { n: 1, bins: ["sh"] } })).payload).toEqual(payload);
    expect(sent()).toHaveLength(1);
  });

  test.each([
    ["params", { params: { bins: ["sh"], n: 2 } }],
    ["no params", { params: undefined }],
    ["command", { command: "system.notify" }],
    ["node", { nodeId: "another-node" }],
  ])("of another %s is refused, while it runs and afterwards", async (_what, more) => {
    const reused = {
      code: "INVALID_REQUEST",
      message: "idempotencyKey was used for another invoke",
      details: { code: "IDEMPOTENCY_KEY_REUSED", cure: expect.any(String) },
    };
    const first = ask(op);
    const { id } = await requested();
    expect((await ask(op, more)).error).toMatchObject(reused);
    await result({ id });
    await first;
    expect((await ask(op, more)).error).toMatchObject(reused);
    expect(sent()).toHaveLength(1);
  });

  test("of another device is one of its own", async () => {
    const other = await operator(gateway);
    const both = [ask(op), ask(other)];
    await until(() => sent().length === 2, "two requests");
    for (const { id } of sent()) await result({ id });
    for (const one of both) expect((await one).ok).toBe(true);
  });

  test("of the owner on the host is the owner's, whatever socket it comes over", async () => {
    const { nodeId } = node;
    const params = { nodeId, command: "system.which", idempotencyKey: key };
    const first = gateway.host("node.invoke", params);
    const { id } = await requested();
    await result({ id, payload: 1 });
    expect(await gateway.host("node.invoke", params)).toEqual(await first);
    expect(sent()).toHaveLength(1);
  });

  test("gets an error of the node again", async () => {
    const first = ask(op);
    await result({ id: (await requested()).id, ok: false, error: { code: "NO", message: "no" } });
    const { error } = await first;
    expect((await ask(op)).error).toEqual(error);
    expect(sent()).toHaveLength(1);
  });

  test("that a phone put off is kept for it once", async () => {
    const client = { id: "openclaw-ios", version: "1", platform: "iOS 18.4", mode: "node" };
    const phone = await approvedNode(gateway, ["camera.list"], { client });
    const { nodeId } = phone;
    const more = { nodeId, command: "camera.list" };
    const first = ask(op, more);
    const { id } = await requested(phone.client);
    const error = { code: "NODE_BACKGROUND_UNAVAILABLE", message: "in the background" };
    await phone.client.request("node.invoke.result", { id, nodeId, ok: false, error });
    const { details } = (await first).error;
    expect(details.code).toBe("QUEUED_UNTIL_FOREGROUND");
    expect((await ask(op, more)).error.details).toEqual(details);
    const pulled = (await phone.client.request("node.pending.pull", {})).payload;
    expect(pulled.actions).toHaveLength(1);
  });

  test("that was refused before it reached the node is a new one", async () => {
    const away = await approvedNode(gateway, ["system.which"]);
    away.client.close();
    await away.client.end();
    const { nodeId } = away;
    expect((await ask(op, { nodeId })).error.details.code).toBe("NOT_CONNECTED");
    const back = await reconnect(gateway, away, ["system.which"]);
    const second = ask(op, { nodeId });
    const { id } = await requested(back.client);
    await back.client.request("node.invoke.result", { id, nodeId, ok: true });
    expect((await second).ok).toBe(true);
  });

  test("of a node that went meanwhile is told that nobody knows whether it ran, and runs nowhere", async () => {
    const gone = await approvedNode(gateway, ["system.which"]);
    const { nodeId } = gone;
    const first = ask(op, { nodeId });
    await requested(gone.client);
    gone.client.ws.terminate();
    const { error } = await first;
    expect(error.message).toBe("DISCONNECTED: node disconnected (system.which)");
    const back = await reconnect(gateway, gone, ["system.which"]);
    const again = (await ask(op, { nodeId })).error;
    expect(again).toMatchObject({
      code: "UNAVAILABLE",
      message: error.message,
      details: { ...error.details, outcome: "unknown", cure: expect.stringContaining("another") },
    });
    await settled(op);
    expect(sent(back.client)).toHaveLength(0);
  });

  test("nodeAnswerMs: is a new one once the time is over", async () => {
    const first = ask(op);
    await result({ id: (await requested()).id, payload: 1 });
    await first;
    world.advance(limitTable.nodeAnswerMs.value);
    const second = ask(op);
    await until(() => sent().length === 2, "another request");
    await result({ id: sent()[1].id, payload: 2 });
    expect((await second).payload.payload).toBe(2);
  });
});

describe("a caller whose connection is lost", () => {
  test("finds its invoke running when it comes back in time", async () => {
    const lost = ask(op);
    lost.catch(() => undefined);
    const { id } = await requested();
    op.ws.terminate();
    const back = await caller.again();
    const second = ask(back);
    await settled(back);
    world.advance(limitTable.nodeInvokeReturnMs.value + 1);
    await result({ id, payload: "done" });
    expect((await second).payload.payload).toBe("done");
    expect(sent()).toHaveLength(1);
  });

  test("nodeInvokeReturnMs: else the node is told to stop, and who repeats it hears that", async () => {
    const from = node.client.frames.length;
    ask(op).catch(() => undefined);
    const { id } = await requested();
    const callers = gateway.server.gateway.registry.byRole().operator;
    op.ws.terminate();
    await until(() => gateway.server.gateway.registry.byRole().operator < callers, "its end");
    world.advance(limitTable.nodeInvokeReturnMs.value);
    const cancel = await eventOf(node.client, "node.invoke.cancel", from);
    expect(cancel.invokeId).toBe(id);
    const { error } = await ask(await caller.again());
    expect(error).toMatchObject({
      message: "CANCELLED: node invoke cancelled",
      details: { outcome: "unknown" },
    });
    expect(sent()).toHaveLength(1);
  });

  test("and that said goodbye, or was revoked, does not come back: the node is told at once", async () => {
    for (const end of ["goodbye", "revoked"]) {
      key = `${key}-${end}`;
      const from = node.client.frames.length;
      const own = new Caller();
      const client = await own.pair();
      ask(client).catch(() => undefined);
      const { id } = await requested();
      if (end === "goodbye") client.close();
      else await gateway.host("device.pair.remove", { deviceId: own.device.deviceId });
      world.advance(0);
      const cancel = await until(() => {
        world.advance(0);
        return node.client.frames.slice(from).find(({ event }) => event === "node.invoke.cancel");
      }, "the node's cancel");
      expect(cancel.payload.invokeId).toBe(id);
    }
  });
});

test("timeoutMs 0: none is wanted, and the time is nodeInvokeMaxMs", async () => {
  const running = ask(op, { timeoutMs: 0 });
  const { id, timeoutMs } = await requested();
  expect(timeoutMs).toBe(limitTable.nodeInvokeMaxMs.value);
  await result({ id });
  expect((await running).ok).toBe(true);
});
