import { afterEach, expect, test } from "vitest";
import type { ConfigFlags } from "../../src/config/load.ts";
import { type ConnectOptions, makeDevice, pairAndConnect } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";

/** `gateway-client`/`backend` with a key of its own, on the gateway's machine and with the shared secret. */

const backend = { id: "gateway-client", mode: "backend" };
const auth = { token: TEST_TOKEN };
const scopes = ["operator.read", "operator.write"];

interface Lists {
  readonly pending: readonly { readonly deviceId: string }[];
  readonly paired: readonly { readonly deviceId: string }[];
}

let gateway: TestGateway;
afterEach(() => gateway.close());

async function start(flags: ConfigFlags = {}): Promise<void> {
  gateway = await startTestGateway({ flags });
}

function connect(more: Partial<ConnectOptions> = {}): ConnectOptions {
  return { device: makeDevice(), client: backend, auth, scopes, ...more };
}

async function known(): Promise<string[]> {
  const { pending, paired } = await gateway.host<Lists & Record<string, unknown>>(
    "device.pair.list",
  );
  return [...pending, ...paired].map(({ deviceId }) => deviceId);
}

test("gets what it would get without a key, and leaves no record", async () => {
  await start();
  const { hello: without } = await admittedConnect(gateway, { client: backend, auth, scopes });
  const { client, hello } = await admittedConnect(gateway, connect());
  expect(hello.auth).toEqual(without.auth);
  expect(hello.auth.scopes).toEqual([...scopes, "operator.nodes"]);
  expect(hello.auth.deviceToken).toBeUndefined();
  expect(await known()).toEqual([]);
  expect((await client.request("node.list", {})).ok).toBe(true);
  expect(gateway.log.map(({ message }) => message)).toContain("admitted without a device key");
});

test("is closed with the secret that let it in, as without a key", async () => {
  await start();
  const { client } = await admittedConnect(gateway, connect());
  await gateway.host("host.token.new");
  expect((await client.end()).code).toBe(4001);
});

test("a paired one comes in by its record, and has its token", async () => {
  await start({ "gateway.auth.devicelessCli": "never" });
  const device = makeDevice();
  const { deviceToken } = await pairAndConnect(gateway, { ...connect(), device });
  await gateway.host("host.config.set", {
    path: "gateway.auth.devicelessCli",
    value: "loopback",
  });
  const { hello } = await admittedConnect(gateway, connect({ device }));
  expect(hello.auth.deviceToken).toBe(deviceToken);
});

test.each<[string, ConfigFlags, Partial<ConnectOptions>, Record<string, string>]>([
  ["where the exception is off", { "gateway.auth.devicelessCli": "never" }, {}, {}],
  ["where outside can reach it", { "gateway.publicUrl": "https://claw.example" }, {}, {}],
  ["through a proxy", {}, {}, { "x-forwarded-for": "127.0.0.1" }],
  ["under another host", {}, {}, { host: "claw.example" }],
  ["from a page", {}, {}, { origin: "http://localhost:5173" }],
  ["as another program", {}, { client: { id: "test", mode: "backend" } }, {}],
  ["in another mode", {}, { client: { id: "gateway-client", mode: "ui" } }, {}],
  ["as a node", {}, { role: "node" }, {}],
  ["as the command line, which has its own rule", {}, { client: { id: "cli", mode: "cli" } }, {}],
])("pairs like any device: %s", async (_name, flags, more, headers) => {
  await start(flags);
  const { error } = await refusedConnect(gateway, connect(more), headers);
  expect(error.details.code).toBe("PAIRING_REQUIRED");
});

test.each<[string, Partial<ConnectOptions>, string]>([
  ["the secret is wrong", { auth: { token: "wrong" } }, "AUTH_TOKEN_MISMATCH"],
  ["there is none", { auth: {} }, "AUTH_TOKEN_MISSING"],
  [
    "the key is not proven",
    { proof: { signature: "A".repeat(86) } },
    "DEVICE_AUTH_SIGNATURE_INVALID",
  ],
])("gets nothing where %s", async (_name, more, code) => {
  await start();
  const { error } = await refusedConnect(gateway, connect(more));
  expect(error.details.code).toBe(code);
});

test("what the owner took from its key stays taken", async () => {
  await start({ "gateway.auth.devicelessCli": "never" });
  const device = makeDevice();
  await pairAndConnect(gateway, { ...connect(), device });
  await gateway.host("device.token.revoke", { deviceId: device.deviceId, role: "operator" });
  await gateway.host("host.config.set", {
    path: "gateway.auth.devicelessCli",
    value: "loopback",
  });
  const { error } = await refusedConnect(gateway, connect({ device }));
  expect(error.details).toMatchObject({ code: "PAIRING_REQUIRED", reason: "role-upgrade" });
});
