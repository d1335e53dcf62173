import { HelloOkSchema } from "@openclaw/gateway-protocol/schema";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stateLimitTable } from "../../src/limits/state.ts";
import { limitTable } from "../../src/limits/table.ts";
import type { JsonSchema } from "../../src/protocol/json-schema.ts";
import { validator } from "../../src/protocol/schemas.ts";
import { type Frame, makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { HandWorld } from "../kit/world.ts";

const auth = { token: TEST_TOKEN };
const scopes = ["operator.read", "operator.admin"];

let gateway: TestGateway;
let world: HandWorld;
let client: RawClient;
let hello: Frame;

beforeEach(async () => {
  world = new HandWorld();
  gateway = await startTestGateway({ world });
  ({ client, hello } = await pairAndConnect(gateway, { device: makeDevice(), auth, scopes }));
});
afterEach(() => gateway.close());

async function ask(method: string, params: object = {}): Promise<Frame> {
  const answer = await client.request(method, params);
  expect(answer.error).toBeUndefined();
  return answer.payload;
}

/** One more device that waits for approval. */
async function stranger(): Promise<RawClient> {
  const waiting = await RawClient.open(gateway.url);
  await waiting.connect({ device: makeDevice(), auth, caps: ["pairing-wait"] });
  return waiting;
}

describe("health", () => {
  test("tells version, uptime, connections, pending, store and the event loop", async () => {
    await stranger();
    world.advance(5000);
    const { gateway: own, eventLoop, ...rest } = await ask("health");
    expect(rest).toMatchObject({ ok: true, ts: world.now(), channels: {}, sessions: { count: 0 } });
    expect(own).toEqual({
      version: hello.payload.server.gatewayVersion,
      phase: "ready",
      startedAtMs: gateway.core.startedAtMs,
      uptimeMs: world.now() - gateway.core.startedAtMs,
      connections: { operator: 1, node: 0, waiting: 1, unauthenticated: 0 },
      pairing: expect.objectContaining({ pending: 1, devices: 1 }),
      store: { ok: true },
    });
    expect(eventLoop).toMatchObject({
      reasons: expect.any(Array),
      utilization: expect.any(Number),
      delayMaxMs: expect.any(Number),
    });
  });

  test("is made once for all who ask within a second, and anew for a probe", async () => {
    const first = await ask("health");
    world.advance(999);
    expect(await ask("health")).toEqual(first);
    expect((await ask("health", { probe: true })).ts).toBe(first.ts + 999);
    world.advance(1000);
    expect((await ask("health")).ts).toBe(first.ts + 1999);
  });

  test("stands in hello-ok as its schema has it", async () => {
    const { method: _, ...rest } = hello.payload.auth;
    const { gatewayVersion: _1, fingerprint: _2, ...server } = hello.payload.server;
    const checked = validator(HelloOkSchema as unknown as JsonSchema);
    expect(checked({ ...hello.payload, server, auth: rest })).toBeUndefined();
    expect(hello.payload.snapshot.health).toMatchObject({ ok: true, defaultAgentId: "main" });
    expect(hello.payload.snapshot).toMatchObject({
      sessionDefaults: {
        defaultAgentId: "main",
        mainKey: "main",
        mainSessionKey: "agent:main:main",
      },
      configPath: gateway.core.config.path,
      stateDir: gateway.stateDir,
      authMode: "token",
    });
  });

  test("says nothing of paths or names to whoever may not read", async () => {
    const { client: bare } = await pairAndConnect(gateway, {
      device: makeDevice(),
      auth,
      scopes: [],
    });
    const { payload } = await bare.request("health");
    const { sessions: _, ...rest } = payload;
    expect(JSON.stringify(rest)).not.toContain(gateway.stateDir);
  });
});

describe("status", () => {
  test("tells the same and more, and the process", async () => {
    await stranger();
    const { gateway: own, ...rest } = await ask("status");
    expect(rest).toMatchObject({
      runtimeVersion: hello.payload.server.version,
      pid: process.pid,
      heartbeat: { defaultAgentId: "main" },
      eventLoop: { degraded: expect.any(Boolean) },
      processMemory: { rssBytes: expect.any(Number) },
    });
    expect(rest).not.toHaveProperty("cliProjection");
    expect(own).toMatchObject({
      connections: { operator: 1, waiting: 1 },
      pairing: { pending: 1 },
      store: { ok: true, commits: expect.any(Number) },
    });
  });
});

describe("without anybody connected", () => {
  test("no timer of ticks or health runs; the first who comes starts them", async () => {
    const fresh = new HandWorld();
    const quiet = await startTestGateway({ world: fresh });
    const before = fresh.pendingTimers;
    const first = await pairAndConnect(quiet, { device: makeDevice(), auth, scopes });
    fresh.advance(limitTable.healthMs.value);
    await first.client.next((frame) => frame.event === "tick");
    const told = await first.client.next((frame) => frame.event === "health");
    expect(told.payload.gateway.connections.operator).toBe(1);
    first.client.close();
    await expect.poll(() => quiet.server.gateway.registry.byRole().operator).toBe(0);
    // What is written lazily has its own timer until it is written.
    fresh.advance(stateLimitTable.laterMs.value);
    await expect.poll(() => fresh.pendingTimers).toBe(before);
    await quiet.close();
  });
});
