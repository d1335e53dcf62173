import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.close());

const auth = { token: TEST_TOKEN };

test("a request is shown by its code as typed, without what only the ledger needs", async () => {
  const device = makeDevice();
  const client = await RawClient.open(gateway.url);
  const refused = await client.connect({ device, auth, scopes: ["operator.read"] });
  const { requestId } = refused.error.details;
  const shown = await gateway.host("device.pair.show", {
    requestId: requestId.toLowerCase().replace("-", " "),
  });
  expect(shown).toMatchObject({ requestId, deviceId: device.deviceId, scopes: ["operator.read"] });
  expect(Object.keys(shown)).not.toEqual(expect.arrayContaining(["nonce"]));
  expect(Object.keys(shown)).not.toEqual(expect.arrayContaining(["source"]));
});

test("a device on its own token sees no request but its own", async () => {
  const scopes = ["operator.pairing", "operator.read"];
  const device = makeDevice();
  const { client, deviceToken } = await pairAndConnect(gateway, { device, auth, scopes });
  client.close();
  const other = await RawClient.open(gateway.url);
  const refused = await other.connect({ device: makeDevice(), auth, scopes: ["operator.read"] });
  const confined = await RawClient.open(gateway.url);
  await confined.connect({ device, auth: { deviceToken }, scopes });
  const answer = await confined.request("device.pair.show", {
    requestId: refused.error.details.requestId,
  });
  expect(answer.error).toMatchObject({ message: "device pairing request denied" });
});

test("a device that is paired already is shown with what it may do, everywhere alike", async () => {
  const device = makeDevice();
  const scopes = ["operator.read"];
  await pairAndConnect(gateway, { device, auth, scopes });
  await gateway.host("device.pair.rename", { deviceId: device.deviceId, label: "Mine" });
  const listening = await RawClient.open(gateway.url);
  const bootstrapToken = await gateway.invite();
  await listening.connect({
    device: makeDevice(),
    auth: { bootstrapToken },
    scopes: ["operator.admin", "operator.pairing"],
  });
  const asking = await RawClient.open(gateway.url);
  const wider = ["operator.pairing", "operator.read"];
  const { error } = await asking.connect({ device, auth, scopes: wider });
  const { requestId } = error.details;
  expect(error.details).toMatchObject({ approvedRoles: ["operator"], approvedScopes: scopes });
  const baseline = { approvedRoles: ["operator"], approvedScopes: scopes, operatorLabel: "Mine" };
  const shown = await gateway.host("device.pair.show", { requestId });
  const { fingerprint } = gateway.core.secretStore.identity;
  expect(shown).toMatchObject({ ...baseline, gatewayFingerprint: fingerprint });
  const { pending } = await gateway.host<{ pending: object[] }>("device.pair.list");
  expect(pending).toMatchObject([baseline]);
  const event = await listening.next((frame) => frame.event === "device.pair.requested");
  expect(event.payload).toMatchObject({ requestId, ...baseline });
});

test("what was revoked is no longer said to be approved", async () => {
  const device = makeDevice();
  const { deviceId } = device;
  await pairAndConnect(gateway, { device, auth, scopes: ["operator.read"] });
  await gateway.host("device.token.revoke", { deviceId, role: "operator" });
  const asking = await RawClient.open(gateway.url);
  const { error } = await asking.connect({ device, auth, scopes: ["operator.read"] });
  expect(error.details).toMatchObject({ approvedRoles: [], approvedScopes: [] });
  const { requestId } = error.details;
  const shown = await gateway.host("device.pair.show", { requestId });
  expect(shown).toMatchObject({ isRepair: true, approvedRoles: [], approvedScopes: [] });
});

test("who asks is told how the owner is shown it", async () => {
  const client = { deviceFamily: "iPhone", platform: "iOS 19\u202e" };
  const asking = await RawClient.open(gateway.url, {
    headers: { "x-forwarded-for": "203.0.113.7" },
  });
  const { error } = await asking.connect({ device: makeDevice(), auth, client });
  expect(error.details).toMatchObject({ kind: "test, iPhone, iOS 19", address: "127.0.0.1" });
});
