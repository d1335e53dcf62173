import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limitTable } from "../../src/limits/table.ts";
import { type ConnectOptions, makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";

/** Which versions of the protocol are spoken, and how clients that speak the older one are counted and named. */

const auth = { token: TEST_TOKEN };
const scopes = ["operator.read"];
const range = (minProtocol: number, maxProtocol: number) => ({
  params: { minProtocol, maxProtocol },
});

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway({ limits: { olderClients: 2 } });
});
afterEach(() => gateway.close());

const phone = { id: "openclaw-ios", mode: "ui", version: "2026.3.13", displayName: "A's phone" };

describe("which one is spoken", () => {
  test.each([
    [3, 3, 3],
    [1, 3, 3],
    [3, 4, 4],
    [4, 4, 4],
    [1, 9, 4],
  ])("with who offers %i to %i: %i", async (min, max, spoken) => {
    const { hello } = await admittedConnect(gateway, { auth, ...range(min, max) });
    expect(hello.protocol).toBe(spoken);
  });

  test("pairing, signature and scopes are those of version 4", async () => {
    const device = makeDevice();
    const connect: ConnectOptions & { device: typeof device } = {
      ...range(3, 3),
      device,
      client: phone,
      auth,
      scopes,
      payloadVersion: 2,
    };
    const { error, closed } = await refusedConnect(gateway, connect);
    expect(error.details).toMatchObject({ code: "PAIRING_REQUIRED", requestedScopes: scopes });
    expect(closed.code).toBe(1008);
    const { client, hello } = await pairAndConnect(gateway, connect);
    expect(hello.payload).toMatchObject({ protocol: 3, auth: { scopes } });
    expect((await client.request("node.list", {})).ok).toBe(true);
    const forged = { ...connect, proof: { signature: "A".repeat(86) } };
    const { error: refused } = await refusedConnect(gateway, forged);
    expect(refused.details.code).toBe("DEVICE_AUTH_SIGNATURE_INVALID");
  });

  test.each([
    ["a probe", { id: "cli", mode: "probe" }],
    ["an operator in node mode", { id: "node-host", mode: "node" }],
  ])("with %s that speaks only 3: 3", async (_name, client) => {
    const { hello } = await admittedConnect(gateway, { client, auth, ...range(3, 3) });
    expect(hello.protocol).toBe(3);
  });

  test("with a node host that speaks only 3: 3", async () => {
    const device = makeDevice();
    const node = { device, role: "node", client: { id: "node-host", mode: "node" }, auth };
    await pairAndConnect(gateway, node);
    const { hello } = await admittedConnect(gateway, { ...node, ...range(3, 3) });
    expect(hello.protocol).toBe(3);
  });

  test("a client that is too new is closed 1002 and told what is spoken here", async () => {
    const { error, closed } = await refusedConnect(gateway, { auth, ...range(5, 6) });
    expect(error).toEqual({
      code: "INVALID_REQUEST",
      message: "protocol mismatch",
      details: {
        code: "PROTOCOL_MISMATCH",
        clientMinProtocol: 5,
        clientMaxProtocol: 6,
        expectedProtocol: 4,
        minimumProbeProtocol: 3,
        cure: "update the gateway: the gateway speaks protocol 3 to 4, the program 5 to 6",
        next: ["update the gateway: the gateway speaks protocol 3 to 4, the program 5 to 6"],
        fingerprint: gateway.core.secretStore.identity.fingerprint,
      },
    });
    expect(closed).toEqual({ code: 1002, reason: "protocol mismatch" });
  });

  test.each([
    [2, 2, "the program"],
    [1, 2, "the program"],
    [5, 6, "the gateway"],
  ])("none with who offers %i to %i, and it is told what to update: %s", async (min, max, what) => {
    const { error, closed } = await refusedConnect(gateway, { auth, ...range(min, max) });
    expect(error.details).toMatchObject({
      code: "PROTOCOL_MISMATCH",
      cure: expect.stringContaining(`update ${what}`),
      next: expect.any(Array),
    });
    expect(closed).toEqual({ code: 1002, reason: "protocol mismatch" });
  });
});

describe("in the figures", () => {
  interface Status {
    readonly gateway: {
      readonly protocols: Record<string, { connected: number; admitted: number }>;
      readonly olderClients: readonly Record<string, unknown>[];
    };
  }
  const figures = async () =>
    (await gateway.host<Status & Record<string, unknown>>("status")).gateway;

  test("each is counted by the version that is spoken, and old ones are named", async () => {
    const device = makeDevice();
    await admittedConnect(gateway, { auth });
    const { client } = await pairAndConnect(gateway, {
      ...range(3, 3),
      device,
      client: phone,
      auth,
      scopes,
    });
    const before = await figures();
    expect(before.protocols).toEqual({
      3: { connected: 1, admitted: 1 },
      4: { connected: 1, admitted: 1 },
    });
    expect(before.olderClients).toEqual([
      {
        protocol: 3,
        clientId: "openclaw-ios",
        clientMode: "ui",
        version: "2026.3.13",
        platform: "linux",
        displayName: "A's phone",
        deviceId: device.deviceId,
        connected: 1,
        lastConnectMs: expect.any(Number),
      },
    ]);
    client.close();
    await until(() => gateway.server.gateway.registry.size === 1, "its end");
    const after = await figures();
    expect(after.protocols["3"]).toEqual({ connected: 0, admitted: 1 });
    expect(after.olderClients[0]).toMatchObject({ connected: 0 });
  });

  test("the same program is one row, however often it comes", async () => {
    for (let i = 0; i < 3; i += 1) await admittedConnect(gateway, { auth, ...range(3, 3) });
    expect((await figures()).olderClients).toMatchObject([{ clientId: "test", connected: 3 }]);
  });

  test("olderClients: past them the one that came longest ago is left out", async () => {
    expect(limitTable.olderClients.value).toBeGreaterThan(2);
    const clients = ["1.0", "2.0", "3.0"];
    for (const version of clients) {
      const { client } = await admittedConnect(gateway, {
        auth,
        client: { version: `${version}\u202e` },
        ...range(3, 3),
      });
      client.close();
    }
    const { olderClients, protocols } = await figures();
    expect(olderClients.map(({ version }) => version)).toEqual(["2.0", "3.0"]);
    expect(protocols["3"]?.admitted).toBe(3);
  });

  test("metrics count both", async () => {
    await admittedConnect(gateway, { auth, ...range(3, 3) });
    await RawClient.open(gateway.url);
    const url = `http://127.0.0.1:${gateway.port}/metrics`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${TEST_TOKEN}` } });
    const text = await answer.text();
    expect(text).toContain('openclaw_protocol_connections{protocol="3"} 1');
    expect(text).toContain('openclaw_protocol_connections{protocol="4"} 0');
    expect(text).toContain('openclaw_connects_admitted_total{protocol="3"} 1');
  });
});
