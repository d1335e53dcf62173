import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDevice } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";

const READ = "operator.read";
const ADMIN = "operator.admin";

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.close());

test("a used link brings no admin back to a device that was removed and approved for less", async () => {
  const device = makeDevice();
  const auth = { bootstrapToken: await gateway.invite({ scopes: [ADMIN] }) };
  const first = await admittedConnect(gateway, { device, auth, scopes: [ADMIN] });
  expect(first.hello.auth.scopes).toEqual([ADMIN]);
  const again = await admittedConnect(gateway, { device, auth, scopes: [ADMIN] });
  expect(again.hello.auth.deviceToken).toBe(first.hello.auth.deviceToken);

  await gateway.host("device.pair.remove", { deviceId: device.deviceId, force: true });
  const asks = { device, auth: { token: TEST_TOKEN }, scopes: [READ] };
  const { details } = (await refusedConnect(gateway, asks)).error;
  await gateway.host("device.pair.approve", { requestId: details.requestId });

  const { error } = await refusedConnect(gateway, { device, auth, scopes: [ADMIN] });
  expect(error.details).toMatchObject({ code: "AUTH_BOOTSTRAP_TOKEN_INVALID", reason: "revoked" });
});

test("a used link gives the new token to nobody after it was rotated", async () => {
  const device = makeDevice();
  const auth = { bootstrapToken: await gateway.invite({ scopes: [READ] }) };
  const { client } = await admittedConnect(gateway, { device, auth, scopes: [READ] });
  const { deviceId } = device;
  await gateway.host("device.token.rotate", { deviceId, role: "operator" });
  expect(await client.end()).toEqual({ code: 4001, reason: "device removed" });
  const { error } = await refusedConnect(gateway, { device, auth, scopes: [READ] });
  expect(error.details.reason).toBe("revoked");
});
