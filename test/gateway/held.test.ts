import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Hasher } from "../../src/auth/hasher.ts";
import { makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { instantHasher, startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { connectFrame, encodeFrame, login, WireClient } from "../kit/wire-client.mjs";

const PING = 9;
const MiB = 1024 * 1024;
/** What one look at a socket can miss: the rest that uWebSockets.js keeps in its cork. */
const CORK = 16 * 1024;

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.close());

const pings = Buffer.concat(Array(1_000).fill(encodeFrame(Buffer.alloc(125, "p"), PING)));
const counted = (metric: string) => gateway.server.gateway.closes[metric] ?? 0;
/** A stranger who was challenged; with `device` it waits for approval. Reads nothing any more. */
async function stranger(waits: boolean): Promise<WireClient> {
  const wire = new WireClient({ port: gateway.port });
  wire.socket.on("error", () => undefined);
  await new Promise<void>((resolve) => {
    wire.onText = (payload) => {
      const frame = JSON.parse(String(payload));
      if (waits && frame.event === "connect.challenge") {
        const login = { device: makeDevice(), auth: {}, caps: ["pairing-wait"] };
        wire.write(connectFrame(frame.payload, login));
      } else resolve();
    };
  });
  wire.socket.pause();
  return wire;
}

/** Writes pings until the other side has had enough; how much this process holds at most meanwhile. */
async function flood(wire: WireClient): Promise<number> {
  let most = 0;
  for (let sent = 0; sent < 64 * MiB && !wire.socket.destroyed; sent += pings.length) {
    if (counted("unread-dropped") > 0) break;
    wire.write(pings);
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, gateway.server.gateway.memory.total);
  }
  return most;
}

describe("unauthenticatedBytes", () => {
  test.each([
    ["before hello-ok", false],
    ["while it waits for approval", true],
  ])("pongs that a stranger does not read %s", async (_, waits) => {
    const wire = await stranger(waits);
    expect(await flood(wire)).toBeLessThanOrEqual(64 * 1024 + CORK);
    expect(counted("unread-dropped")).toBe(1);
    expect(gateway.server.gateway.memory.total).toBe(0);
    expect(gateway.server.gateway.admission.total).toBe(0);
    wire.socket.destroy();
  });

  test("frames behind a connect", async () => {
    await gateway.close();
    // A secret that is hashed for ever: the decision does not come.
    const hasher: Hasher = { ...instantHasher, verify: () => new Promise(() => {}) };
    gateway = await startTestGateway({ hasher });
    const client = await RawClient.open(gateway.url);
    const connecting = client.connect({ device: makeDevice(), auth: { token: "wrong" } });
    connecting.catch(() => undefined);
    await client.challenge();
    const pad = "x".repeat(30_000);
    for (let n = 0; n < 2; n += 1) client.send({ type: "req", id: "x", method: "health", pad });
    await until(() => gateway.server.gateway.memory.total > 60_000, "what is held");
    client.send({ type: "req", id: "x", method: "health", pad });
    expect(await client.end()).toMatchObject({ reason: "too many pending handshake frames" });
    expect(gateway.server.gateway.memory.total).toBe(0);
  });
});

test("a client that reads has all its pongs, and nothing is held for it", async () => {
  const wire = new WireClient({ port: gateway.port });
  let bytes = 0;
  wire.socket.on("data", (chunk) => {
    bytes += chunk.length;
  });
  await until(() => bytes > 0, "the challenge");
  for (let n = 0; n < 20; n += 1) wire.write(pings);
  await until(() => bytes > 20_000 * 127, "the pongs");
  expect(counted("unread-dropped")).toBe(0);
  expect(gateway.server.gateway.memory.total).toBe(0);
  wire.socket.destroy();
});

test("after hello-ok a client may leave as much as `bufferedBytes` unread, pongs too", async () => {
  await gateway.close();
  gateway = await startTestGateway({ limits: { bufferedBytes: MiB } });
  const device = makeDevice();
  const auth = { token: TEST_TOKEN };
  const { client } = await pairAndConnect(gateway, { device, auth });
  const { wire, response } = await login(gateway, { device, auth, scopes: [] });
  expect(response.ok).toBe(true);
  wire.socket.pause();
  const most = await flood(wire);
  expect(counted("unread-dropped")).toBe(1);
  expect(most).toBeGreaterThan(MiB / 2);
  expect(most).toBeLessThanOrEqual(MiB + CORK);
  expect(gateway.server.gateway.memory.total).toBe(0);
  expect((await client.request("health")).ok).toBe(true);
  wire.socket.destroy();
  client.close();
});
