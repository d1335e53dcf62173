import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Limits } from "../../src/limits/table.ts";
import { makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { admittedConnect } from "../kit/wire.ts";

let gateway: TestGateway;
async function start(limits: Partial<Limits>): Promise<TestGateway> {
  gateway = await startTestGateway({ limits });
  return gateway;
}
afterEach(() => gateway.close());

const auth = { token: TEST_TOKEN };
const cli = { id: "cli", mode: "cli" };
const MiB = 1024 * 1024;

describe("one frame", () => {
  test("between maxPayload and transportPayloadBytes is closed 1009 by name", async () => {
    await start({ maxPayloadBytes: 100_000, transportPayloadBytes: 200_000 });
    const { client } = await admittedConnect(gateway, { auth });
    client.send("x".repeat(150_000));
    expect(await client.end()).toEqual({ code: 1009, reason: "frame too large" });
    expect(gateway.server.gateway.closes).toMatchObject({ "frame-too-large": 1 });
  });

  test("transportPayloadBytes: beyond it the socket is dropped, and nobody else notices", async () => {
    await start({ maxPayloadBytes: 100_000, transportPayloadBytes: 200_000 });
    const { client } = await admittedConnect(gateway, { auth });
    const { client: other } = await admittedConnect(gateway, { auth });
    client.send("x".repeat(300_000));
    expect((await client.end()).code).toBe(1006);
    expect((await other.request("health")).ok).toBe(true);
    expect(gateway.server.gateway.admission.total).toBe(1);
  });

  test("before authentication is bounded on the wire as well", async () => {
    await start({});
    const client = await RawClient.open(gateway.url);
    client.send("x".repeat(65_537));
    expect(await client.end()).toEqual({
      code: 1009,
      reason: "frame too large before authentication",
    });
  });
});

describe("a client that does not read", () => {
  /** Pauses the client's socket and has the gateway answer it until its buffer is full. */
  async function clog(client: RawClient): Promise<void> {
    client.ws.pause();
    const closes = () => gateway.server.gateway.closes["slow-consumer"] ?? 0;
    const before = closes();
    for (let i = 0; closes() === before; i += 1) {
      if (i > 2000) throw new Error("never full");
      for (let k = 0; k < 50; k += 1)
        client.send({ type: "req", id: `${i}.${k}`, method: "status" });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  const admin = { auth, client: cli, scopes: ["operator.admin"] };

  test("bufferedBytes: is closed 1008 by name when it reads again in time", async () => {
    await start({ bufferedBytes: MiB, slowConsumerMs: 1000, requestsInFlight: 10_000 });
    const { client } = await admittedConnect(gateway, admin);
    const { client: other } = await admittedConnect(gateway, admin);
    await clog(client);
    client.ws.resume();
    expect(await client.end()).toEqual({ code: 1008, reason: "slow consumer" });
    expect((await other.request("status")).ok).toBe(true);
    expect(other.closed).toBeUndefined();
    expect(gateway.server.gateway.closes["slow-consumer"]).toBe(1);
  });

  test("slowConsumerMs: is dropped when it does not, and its memory with it", async () => {
    await start({ bufferedBytes: MiB, slowConsumerMs: 100 });
    const { client } = await admittedConnect(gateway, admin);
    await clog(client);
    expect(gateway.server.gateway.admission.total).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.ws.resume();
    expect((await client.end()).code).toBe(1006);
  });

  test("slowConsumerMs: is dropped when it is closed for another cause, too", async () => {
    await start({ bufferedBytes: 64 * MiB, slowConsumerMs: 100, requestsInFlight: 10_000 });
    const device = makeDevice();
    const { client } = await pairAndConnect(gateway, { auth, device, scopes: ["operator.read"] });
    client.ws.pause();
    await until(() => {
      for (let n = 0; n < 50; n += 1) client.send({ type: "req", id: `${n}`, method: "status" });
      return gateway.server.gateway.memory.total > MiB;
    }, "what it does not read");
    await gateway.host("device.pair.remove", { deviceId: device.deviceId });
    await until(() => gateway.server.gateway.memory.total === 0, "its end");
    client.ws.resume();
    expect((await client.end()).code).toBe(1006);
  });
});

test("a client that vanishes in the middle of a handshake leaves nothing behind", async () => {
  await start({});
  for (let i = 0; i < 50; i += 1) {
    const socket = connect(gateway.port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.write(
      "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    await new Promise((resolve) => socket.once("data", resolve));
    socket.resetAndDestroy();
  }
  const { client } = await admittedConnect(gateway, { auth });
  await client.request("health");
  const { admission } = gateway.server.gateway;
  expect({ total: admission.total, unauthenticated: admission.unauthenticated }).toEqual({
    total: 1,
    unauthenticated: 0,
  });
});
