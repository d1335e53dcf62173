import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDevice, pairAndConnect, RawClient } from "../support/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../support/gateway.ts";

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
