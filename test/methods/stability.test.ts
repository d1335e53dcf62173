import { afterEach, expect, test } from "vitest";
import { makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";

let gateway: TestGateway;
afterEach(() => gateway?.close());

test("every refusal shows up in diagnostics.stability by its name", async () => {
  gateway = await startTestGateway();
  const auth = { token: TEST_TOKEN };
  const scopes = ["operator.read"];
  const { client } = await pairAndConnect(gateway, { device: makeDevice(), auth, scopes });
  const before = await client.request("diagnostics.stability", {});
  const stranger = await RawClient.open(gateway.url);
  await stranger.connect({ device: makeDevice(), auth: { token: "wrong" } });
  const { payload } = await client.request("diagnostics.stability", {});
  expect(payload.count).toBe(before.payload.count + 1);
  const { byType } = payload.summary;
  const [name] = Object.keys(byType).filter(
    (type) => byType[type] !== before.payload.summary.byType[type],
  );
  expect(name).toBe("AUTH_TOKEN_MISMATCH");
  expect(Object.values(byType).reduce((a, b) => Number(a) + Number(b))).toBe(payload.count);
  client.close();
});
