import { readFile } from "node:fs/promises";
import { HelloOkSchema, PresenceEntrySchema } from "@openclaw/gateway-protocol/schema";
import { Compile } from "typebox/schema";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventNames } from "../../src/protocol/events.ts";
import { connectParams, type Frame, makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect } from "../kit/wire.ts";
import { HandWorld } from "../kit/world.ts";

const auth = { token: TEST_TOKEN };
const cli = { id: "cli", mode: "cli" };

const pageFile = new URL(
  "../../node_modules/@openclaw/gateway-protocol/protocol.schema.json",
  import.meta.url,
);
const published = JSON.parse(await readFile(pageFile, "utf8"));

function problems(schema: object, value: unknown): unknown {
  const compiled = Compile(schema);
  return compiled.Check(value) ? [] : compiled.Errors(value)[1];
}

/**
 * What is wrong with a `hello-ok`. `auth.method` stands in no schema, but the real gateway sends it;
 * `server.gatewayVersion` is ours.
 */
function helloProblems(hello: Frame): unknown {
  const { method, ...auth } = hello.auth;
  expect(["token", "device-token"]).toContain(method);
  const { gatewayVersion, fingerprint, ...server } = hello.server;
  expect([gatewayVersion, fingerprint]).toEqual([expect.any(String), expect.any(String)]);
  return problems(HelloOkSchema, { ...hello, server, auth });
}

let gateway: TestGateway;
let world: HandWorld;
beforeEach(async () => {
  world = new HandWorld();
  gateway = await startTestGateway({ world });
});
afterEach(() => gateway.close());

/** A client with these scopes and no presence of its own. */
async function listener(...scopes: string[]): Promise<RawClient> {
  return (await admittedConnect(gateway, { auth, client: cli, scopes })).client;
}

const events = (client: RawClient): Frame[] =>
  client.frames.filter((f) => f.type === "event" && f.event !== "connect.challenge");

/** Waits until all that was sent to the client before now has arrived. */
async function arrived(client: RawClient): Promise<Frame[]> {
  await client.request("health");
  return events(client);
}

describe("hello-ok", () => {
  test.each([
    ["an admin", ["operator.admin"]],
    ["a reader", ["operator.read"]],
    ["nobody in particular", []],
  ])("is complete to the schema for %s", async (_name, scopes) => {
    const { hello } = await admittedConnect(gateway, { auth, client: cli, scopes });
    expect(helloProblems(hello)).toEqual([]);
    expect(hello.auth.scopes).toEqual(scopes);
    expect(Object.hasOwn(hello.snapshot, "stateDir")).toBe(scopes.includes("operator.admin"));
  });

  test("is complete to the schema for a device, with its token and when it was issued", async () => {
    const { hello } = await pairAndConnect(gateway, { device: makeDevice(), auth });
    expect(helloProblems(hello.payload)).toEqual([]);
    expect(hello.payload.auth).toMatchObject({
      deviceToken: expect.stringMatching(/^[\w-]{43}$/),
      issuedAtMs: world.now(),
    });
  });

  test("tells a node nothing about who is here", async () => {
    const reader = { auth, scopes: ["operator.read"], client: { displayName: "Someone" } };
    await pairAndConnect(gateway, { ...reader, device: makeDevice() });
    const node = await pairAndConnect(gateway, { device: makeDevice(), role: "node", auth });
    expect(node.hello.payload.snapshot.presence).toEqual([]);
    const { hello } = await admittedConnect(gateway, {
      auth,
      client: cli,
      scopes: ["operator.read"],
    });
    expect(hello.snapshot.presence.map(({ host }: { host: string }) => host)).toContain("Someone");
  });

  test("names every event and no method of the host alone", async () => {
    const { hello } = await admittedConnect(gateway, { auth });
    expect(hello.features.events).toEqual(eventNames);
    expect(hello.features.methods).toContain("device.pair.list");
    const host = hello.features.methods.filter((name: string) => name.startsWith("host."));
    expect(host).toEqual([]);
    expect(hello.protocol).toBe(4);
  });
});

describe("pairing events", () => {
  test("have exactly the properties of the protocol and ours, and the hidden parts of a record never", async () => {
    const client = await listener("operator.pairing");
    const device = makeDevice();
    const asking = await RawClient.open(gateway.url, { headers: { "x-real-ip": "203.0.113.7" } });
    const { error } = await asking.connect({
      device,
      auth,
      scopes: ["operator.read"],
      client: { displayName: "Pho\u202ene", deviceFamily: "iPhone" },
    });
    const { requestId } = error.details;
    const requested = await client.next((f) => f.event === "device.pair.requested");
    expect(requested).toEqual({
      type: "event",
      event: "device.pair.requested",
      seq: 1,
      payload: {
        requestId,
        deviceId: device.deviceId,
        publicKey: device.publicKey,
        displayName: "Phone",
        platform: "linux",
        deviceFamily: "iPhone",
        clientId: "test",
        clientMode: "test",
        role: "operator",
        roles: ["operator"],
        scopes: ["operator.read"],
        remoteIp: "127.0.0.1",
        silent: false,
        isRepair: false,
        ts: world.now(),
        expiresAtMs: world.now() + 30 * 60_000,
      },
    });
    // What ours adds, by name.
    const { expiresAtMs: _ours, ...row } = requested.payload;
    expect(problems(published.definitions.DevicePairRequestedEvent, row)).toEqual([]);
    await gateway.host("device.pair.approve", { requestId });
    const resolved = await client.next((f) => f.event === "device.pair.resolved");
    expect(resolved).toEqual({
      type: "event",
      event: "device.pair.resolved",
      seq: 2,
      payload: {
        requestId,
        deviceId: device.deviceId,
        decision: "approved",
        why: "approved",
        ts: world.now(),
      },
    });
    const { why: _alsoOurs, ...decision } = resolved.payload;
    expect(problems(published.definitions.DevicePairResolvedEvent, decision)).toEqual([]);
    await gateway.host("device.pair.rename", { deviceId: device.deviceId, label: "Mine" });
    const changed = await client.next((f) => f.event === "device.pair.changed");
    expect(changed).toEqual({ type: "event", event: "device.pair.changed", payload: {}, seq: 3 });
  });

  test("reach the caller that decided before its answer does", async () => {
    const client = await listener("operator.pairing", "operator.read");
    const asking = await RawClient.open(gateway.url);
    const { error } = await asking.connect({ device: makeDevice(), auth });
    const { requestId } = error.details;
    await client.request("device.pair.approve", { requestId }, "approved");
    expect(client.frames.slice(-2).map(({ event, id }) => event ?? id)).toEqual([
      "device.pair.resolved",
      "approved",
    ]);
  });

  test("come once for a request however often it is retried, and not for remove, rotate, revoke", async () => {
    const client = await listener("operator.pairing");
    const device = makeDevice();
    for (let i = 0; i < 3; i += 1) {
      await (await RawClient.open(gateway.url)).connect({ device, auth });
    }
    const { pending } = await gateway.host<{ pending: Frame[] }>("device.pair.list");
    await gateway.host("device.pair.approve", { requestId: pending[0].requestId });
    const target = { deviceId: device.deviceId, role: "operator" };
    await gateway.host("device.token.rotate", target);
    await gateway.host("device.token.revoke", target);
    await gateway.host("device.pair.remove", { deviceId: device.deviceId });
    expect((await arrived(client)).map(({ event, seq }) => [event, seq])).toEqual([
      ["device.pair.requested", 1],
      ["device.pair.resolved", 2],
    ]);
  });

  test.each(["rejected", "expired", "superseded", "removed"])(
    "call a request that was %s rejected",
    async (how) => {
      const client = await listener("operator.pairing");
      const device = makeDevice();
      const asking = await RawClient.open(gateway.url);
      const { error } = await asking.connect({ device, auth, scopes: ["operator.read"] });
      const { requestId } = error.details;
      if (how === "rejected") await gateway.host("device.pair.reject", { requestId });
      if (how === "expired") world.advance(31 * 60_000);
      if (how === "superseded") {
        const wider = await RawClient.open(gateway.url);
        await wider.connect({ device, auth, scopes: ["operator.admin"] });
      }
      if (how === "removed") {
        await gateway.host("device.pair.approve", { requestId });
        const upgrade = await RawClient.open(gateway.url);
        const second = await upgrade.connect({ device, auth, scopes: ["operator.admin"] });
        await gateway.host("device.pair.remove", { deviceId: device.deviceId });
        const id = second.error.details.requestId;
        const last = await client.next((f) => f.payload?.requestId === id && f.payload.decision);
        expect(last.payload.decision).toBe("rejected");
        return;
      }
      const resolved = await client.next((f) => f.event === "device.pair.resolved");
      const why = how === "removed" ? "rejected" : how;
      expect(resolved.payload).toMatchObject({ requestId, decision: "rejected", why });
    },
  );
});

describe("other events", () => {
  test("healthMs: presence and health carry the versions that hello-ok promised", async () => {
    const client = await listener("operator.read");
    await admittedConnect(gateway, { auth, client: { displayName: "Someone" } });
    world.advance(300);
    const presence = await client.next((f) => f.event === "presence");
    expect(presence.stateVersion).toEqual({
      presence: expect.any(Number),
      health: expect.any(Number),
    });
    for (const entry of presence.payload.presence) {
      expect(problems(PresenceEntrySchema, entry)).toEqual([]);
    }
    const { hello } = await admittedConnect(gateway, { auth, client: cli });
    expect(hello.snapshot.stateVersion).toEqual(presence.stateVersion);
    world.advance(60_000);
    const health = await client.next((f) => f.event === "health");
    expect(health.payload.ok).toBe(true);
    expect(health.stateVersion.health).toBe(presence.stateVersion.health + 1);
  });

  test("command lines and probes have no presence", async () => {
    const client = await listener("operator.read");
    const { client: probe } = await admittedConnect(gateway, {
      auth,
      client: { id: "cli", mode: "probe" },
    });
    const { payload } = await client.request("system-presence");
    expect(payload.map(({ mode }: Frame) => mode)).toEqual(["gateway"]);
    expect(probe.closed).toBeUndefined();
  });

  test("config.changed says which file, not what is in it", async () => {
    const client = await listener("operator.read");
    await gateway.host("host.config.set", { path: "gateway.name", value: "box" });
    const { payload } = await client.next((f) => f.event === "config.changed");
    expect(payload).toEqual({
      path: gateway.core.config.path,
      hash: gateway.core.config.hash,
      ts: world.now(),
    });
  });

  test("seq has no gap on any connection, whatever it may hear", async () => {
    const clients = [
      await listener("operator.admin"),
      await listener("operator.read"),
      await listener(),
    ];
    for (let i = 0; i < 3; i += 1) {
      await admittedConnect(gateway, { auth });
      await (await RawClient.open(gateway.url)).connect({ device: makeDevice(), auth });
      world.advance(30_000);
    }
    const counts = [];
    for (const client of clients) {
      const seqs = (await arrived(client)).map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, i) => i + 1));
      counts.push(seqs.length);
    }
    expect(new Set(counts).size).toBe(3);
  });
});

test("shutdown is told to everyone, then everyone is closed 1012", async () => {
  const stopping = await startTestGateway();
  const { client } = await admittedConnect(stopping, { auth });
  const waiting = await RawClient.open(stopping.url);
  await waiting.connect({ device: makeDevice(), caps: ["pairing-wait"] });
  const early = await RawClient.open(stopping.url);
  await early.challenge();
  await stopping.server.close("restart");
  expect(await client.end()).toEqual({ code: 1012, reason: "service restart" });
  expect(events(client).at(-1)).toMatchObject({
    event: "shutdown",
    payload: { reason: "gateway restarting", restartExpectedMs: 1500 },
    seq: 1,
  });
  expect(await waiting.end()).toEqual({ code: 1012, reason: "service restart" });
  expect(await early.end()).toEqual({ code: 1012, reason: "service restart" });
  await stopping.core.close();
});

test("frames sent behind a connect are answered in order after hello-ok", async () => {
  const client = await RawClient.open(gateway.url);
  const params = connectParams(await client.challenge(), { auth });
  client.send({ type: "req", id: "c", method: "connect", params });
  for (const id of ["1", "2", "3"]) client.send({ type: "req", id, method: "health" });
  await client.next((f) => f.id === "3");
  expect(client.frames.slice(1).map(({ id }) => id)).toEqual(["c", "1", "2", "3"]);
});
