import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { RawClient } from "../kit/client.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
import {
  approvedNode,
  eventOf,
  invokeParams,
  operator,
  type PairedNode,
} from "../nodes/support.ts";

/** Limit frameLevels: nothing that walks a value by calling itself gets one that is nested too deeply. */

const LEVELS = limitTable.frameLevels.value;
const WORDS = `nested deeper than ${LEVELS} levels`;
const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

let gateway: TestGateway;
let op: RawClient;
let node: PairedNode;
beforeAll(async () => {
  gateway = await startTestGateway();
  op = await operator(gateway);
  node = await approvedNode(gateway, ["system.which"]);
});
afterAll(async () => {
  await gateway.close();
});

let serial = 0;

/** Sends a request whose params are this JSON text. */
async function asked(client: RawClient, method: string, params: string) {
  serial += 1;
  const id = `deep-${serial}`;
  const from = client.frames.length;
  client.send(`{"type":"req","id":"${id}","method":"${method}","params":${params}}`);
  return client.next((frame) => frame.id === id, from);
}

const noDefect = () => gateway.log.filter(({ level }) => level === "error");

describe("params", () => {
  test.each([LEVELS, 5_000, 500_000])(
    "nested %i levels deep are refused by name",
    async (levels) => {
      const ask = JSON.stringify(invokeParams(node.nodeId, "system.which"));
      const params = `${ask.slice(0, -1)},"params":${nested(levels)}}`;
      const { error } = await asked(op, "node.invoke", params);
      const message = `invalid node.invoke params: ${WORDS}`;
      expect(error).toEqual({ code: "INVALID_REQUEST", message });
      expect(noDefect()).toEqual([]);
    },
  );

  test("as deep as the limit reach the node", async () => {
    const ask = JSON.stringify(invokeParams(node.nodeId, "system.which"));
    const from = node.client.frames.length;
    // The frame and its params are two levels of their own.
    const answered = asked(
      op,
      "node.invoke",
      `${ask.slice(0, -1)},"params":${nested(LEVELS - 2)}}`,
    );
    const { id, paramsJSON } = await eventOf(node.client, "node.invoke.request", from);
    expect(paramsJSON).toBe(nested(LEVELS - 2));
    await node.client.request("node.invoke.result", { id, nodeId: node.nodeId, ok: true });
    expect((await answered).ok).toBe(true);
  });

  test("of who lacks the right are refused for that", async () => {
    const { error } = await asked(node.client, "node.invoke", `{"params":${nested(10_000)}}`);
    expect(error?.message).not.toContain(WORDS);
  });

  test("count where they are refused", async () => {
    await asked(op, "health", nested(LEVELS));
    expect(gateway.server.gateway.closes["frame-too-deep"]).toBeGreaterThan(0);
  });
});

describe("a result", () => {
  test.each([
    ["payload", nested(10_000)],
    ["payloadJSON", JSON.stringify(nested(10_000))],
  ])("whose %s is too deep is refused, and its caller is told at once", async (name, text) => {
    const from = node.client.frames.length;
    const ask = { ...invokeParams(node.nodeId, "system.which"), timeoutMs: 60_000 };
    const answered = op.request("node.invoke", ask);
    const { id } = await eventOf(node.client, "node.invoke.request", from);
    const params = `{"id":"${id}","nodeId":"${node.nodeId}","ok":true,"${name}":${text}}`;
    const { error } = await asked(node.client, "node.invoke.result", params);
    expect(error).toMatchObject({ code: "INVALID_REQUEST" });
    expect(error?.message).toContain(WORDS);
    const { code, message } = (await answered).error ?? {};
    expect(code).toBe("UNAVAILABLE");
    expect(message).toContain(WORDS);
    expect(noDefect()).toEqual([]);
  });
});

test("before hello-ok such a frame ends the connection", async () => {
  const client = await RawClient.open(gateway.url);
  const params = nested(LEVELS);
  client.send(`{"type":"req","id":"1","method":"connect","params":${params}}`);
  expect(await client.end()).toEqual({ code: 1008, reason: "invalid request frame" });
});

test("on the admin socket it is refused as well", async () => {
  const socket = connect(gateway.core.adminSocket).setEncoding("utf8");
  const line = new Promise<string>((resolve) => socket.once("data", resolve));
  socket.write(`{"type":"req","id":"1","method":"host.info","params":${nested(10_000)}}\n`);
  expect(JSON.parse(await line).error).toEqual({
    code: "INVALID_REQUEST",
    message: `invalid host.info params: ${WORDS}`,
  });
  socket.destroy();
});
