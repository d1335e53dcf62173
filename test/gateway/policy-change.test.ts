import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDevice, pairAndConnect } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect } from "../kit/wire.ts";

const auth = { token: TEST_TOKEN };
const scopes = ["operator.read"];
const client = { id: "cli", mode: "cli" };
const closed = { code: 4001, reason: "gateway auth changed" };

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.close());

test.each([
  ["gateway.auth.devicelessCli", "never"],
  ["gateway.publicUrl", "https://claw.example"],
  ["gateway.auth.mode", "password"],
])("%s = %s ends the command lines that it would not admit, and no device", async (path, value) => {
  const cli = await admittedConnect(gateway, { client, auth, scopes });
  const paired = await pairAndConnect(gateway, { device: makeDevice(), auth, scopes });
  await gateway.host("host.config.set", { path, value });
  expect(await cli.client.end()).toEqual(closed);
  expect((await paired.client.request("status")).ok).toBe(true);
});

test("a change of something else ends nobody", async () => {
  const cli = await admittedConnect(gateway, { client, auth, scopes });
  await gateway.host("host.config.set", { path: "gateway.name", value: "box" });
  expect((await cli.client.request("status")).ok).toBe(true);
});

test("who comes in without a device key, and with which scopes, is in the log", async () => {
  await admittedConnect(gateway, { client, auth, scopes });
  const line = gateway.log.find(({ message }) => message === "admitted without a device key");
  expect(line).toMatchObject({ level: "info", facts: { method: "token", scopes } });
});
