import { afterAll, beforeAll, expect, test } from "vitest";
import { askingOf } from "../../src/methods/asking.ts";
import { deviceName } from "../../src/words/device.ts";
import { requestFacts } from "../../src/words/request-card.ts";
import { connectParams, type Frame, makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";

const auth = { token: TEST_TOKEN };
const NAME = "sample-app/2.1 on Linux";
const headers = { "user-agent": "sample-app/2.1 (x64) node/22" };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

/** Asks to be paired; the code. */
async function asks(
  device: ReturnType<typeof makeDevice>,
  options: { headers?: Record<string, string>; params?: object; client?: Record<string, string> },
): Promise<string> {
  const client = await RawClient.open(gateway.url, { headers: options.headers ?? {} });
  const challenge = await client.challenge();
  const params = connectParams(challenge, { device, auth, client: options.client ?? {} });
  const { error } = await client.request("connect", { ...params, ...options.params });
  client.close();
  return error.details.requestId;
}

test("a device without a name is named by its program, wherever people read of it", async () => {
  const device = makeDevice();
  const requestId = await asks(device, { headers });
  const row = await gateway.host<Frame>("device.pair.show", { requestId });
  expect(row.displayName).toBeUndefined();
  expect(deviceName(row)).toBe(NAME);
  // The card of `devices approve`, `devices watch` and SSH.
  expect(requestFacts(row, Date.now())).toContainEqual(["Device", `“${NAME}”`]);

  const { pairing, nodes, limits } = gateway.core;
  const request = pairing.pendingOf(device.deviceId);
  if (!request) throw new Error("no such request");
  expect(askingOf(request, { pairing, nodes, limits }).name).toBe(NAME);
  expect(gateway.log.map(({ message }) => message).join("\n")).toContain(`“${NAME}”`);

  await gateway.host("device.pair.approve", { requestId });
  const { paired } = await gateway.host<Frame>("device.pair.list", { query: "sample-app" });
  expect(paired.map(deviceName)).toEqual([NAME]);
});

test("what it says in its connect counts before the header, and its id where it says nothing", async () => {
  const client = { id: "gateway-client", mode: "test", platform: "darwin", version: "9.1" };
  const named = await asks(makeDevice(), { headers, client, params: { userAgent: "Other/3" } });
  const plain = await asks(makeDevice(), { client });
  const nameOf = async (requestId: string) =>
    deviceName(await gateway.host<Frame>("device.pair.show", { requestId }));
  expect(await nameOf(named)).toBe("Other/3 on macOS");
  expect(await nameOf(plain)).toBe("gateway-client/9.1 on macOS");
});

test("a device that gave a name keeps no program", async () => {
  const requestId = await asks(makeDevice(), { headers, client: { displayName: "Anna's phone" } });
  const row = await gateway.host<Frame>("device.pair.show", { requestId });
  expect(row).toMatchObject({ displayName: "Anna's phone" });
  expect(row.program).toBeUndefined();
});
