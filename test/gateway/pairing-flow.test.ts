import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.close());

const auth = { token: TEST_TOKEN };
const scopes = ["operator.read", "operator.write"];

test("an unpaired device is refused with a code, approved by it, and let in", async () => {
  const device = makeDevice();
  const client = await RawClient.open(gateway.url);
  const refused = await client.connect({ device, auth, scopes });
  expect(refused.error).toMatchObject({
    code: "NOT_PAIRED",
    message: "pairing required: device is not approved yet",
    details: { code: "PAIRING_REQUIRED", reason: "not-paired", pauseReconnect: false },
  });
  const { requestId, approveCommand } = refused.error.details;
  expect(approveCommand).toBe(`openclaw devices approve ${requestId}`);
  expect(await client.end()).toEqual({
    code: 1008,
    reason: `pairing required: device is not approved yet (requestId: ${requestId})`,
  });
  await gateway.host("device.pair.approve", { requestId: requestId.toLowerCase() });
  const again = await RawClient.open(gateway.url);
  const hello = await again.connect({ device, auth, scopes });
  expect(hello.payload.auth).toMatchObject({
    role: "operator",
    scopes: [...scopes, "operator.nodes"],
    method: "token",
  });
  const { deviceToken } = hello.payload.auth;
  const third = await RawClient.open(gateway.url);
  const byToken = await third.connect({ device, auth: { deviceToken }, scopes });
  expect(byToken.payload.auth.method).toBe("device-token");
});

test("a waiting client is challenged anew once approved and needs no secret", async () => {
  const device = makeDevice();
  const client = await RawClient.open(gateway.url);
  const options = { device, scopes, caps: ["pairing-wait"] };
  const waiting = await client.connect(options);
  expect(waiting.error.details).toMatchObject({ waiting: true, reason: "not-paired" });
  const seen = client.frames.length;
  await gateway.host("device.pair.approve", { requestId: waiting.error.details.requestId });
  const challenge = await client.challenge(seen);
  expect(challenge.nonce).not.toBe(
    (client.frames[0] as { payload: { nonce: string } }).payload.nonce,
  );
  const { connectParams } = await import("../kit/client.ts");
  const hello = await client.request("connect", connectParams(challenge, options), "second");
  expect(hello.ok).toBe(true);
  expect(hello.payload.auth.deviceToken).toMatch(/^[\w-]{43}$/);
});

test("revoking closes the live socket at once and the role counts as lost", async () => {
  const device = makeDevice();
  const { client, deviceToken } = await pairAndConnect(gateway, { device, auth, scopes });
  await gateway.host("device.token.revoke", { deviceId: device.deviceId, role: "operator" });
  expect(await client.end()).toEqual({ code: 4001, reason: "device removed" });
  const again = await RawClient.open(gateway.url);
  const refused = await again.connect({ device, auth: { deviceToken }, scopes });
  expect(refused.error.details.code).toBe("AUTH_DEVICE_TOKEN_MISMATCH");
  const third = await RawClient.open(gateway.url);
  const upgrade = await third.connect({ device, auth, scopes });
  expect(upgrade.error.details).toMatchObject({ code: "PAIRING_REQUIRED", reason: "role-upgrade" });
});
