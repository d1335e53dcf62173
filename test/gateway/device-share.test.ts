import { afterEach, describe, expect, test } from "vitest";
import { makeDevice, pairAndConnect, RawClient, type TestDevice } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";

const auth = { token: TEST_TOKEN };
const scopes = ["operator.read", "operator.write"];

let gateway: TestGateway;
afterEach(() => gateway.close());

const counted = (metric: string) => gateway.server.gateway.closes[metric] ?? 0;

async function connect(device: TestDevice) {
  const client = await RawClient.open(gateway.url);
  return { client, answer: await client.connect({ device, auth, scopes }) };
}

describe("a device's share of connections", () => {
  test("deviceSockets: past it its next connect is refused by name, other devices' are not", async () => {
    gateway = await startTestGateway({ limits: { deviceSockets: 2 } });
    const [greedy, other] = [makeDevice(), makeDevice()];
    const first = await pairAndConnect(gateway, { device: greedy, auth, scopes });
    await connect(greedy);
    const { client, answer } = await connect(greedy);
    expect(answer.error).toMatchObject({
      code: "UNAVAILABLE",
      message: "too many connections of this device",
      retryable: true,
    });
    expect(await client.end()).toEqual({
      code: 1013,
      reason: "too many connections of this device",
    });
    expect(counted("device-sockets-refused")).toBe(1);
    expect((await pairAndConnect(gateway, { device: other, auth, scopes })).hello.ok).toBe(true);
    first.client.close();
    await until(async () => (await connect(greedy)).answer.ok, "its place");
  });

  test("deviceSockets: a device that has none gets in where another holds all it may", async () => {
    gateway = await startTestGateway({ limits: { connections: 16 } });
    const [greedy, other] = [makeDevice(), makeDevice()];
    const away = await pairAndConnect(gateway, { device: other, auth, scopes });
    away.client.close();
    await pairAndConnect(gateway, { device: greedy, auth, scopes });
    let held = 1;
    while ((await connect(greedy)).answer.ok) held += 1;
    // It leaves as many as it has.
    expect(held).toBeLessThanOrEqual(8);
    expect((await connect(other)).answer.ok).toBe(true);
  });
});

describe("a device's share of what runs", () => {
  /** Two connections of one device, and one of another. */
  async function three(limits: Parameters<typeof startTestGateway>[0]) {
    gateway = await startTestGateway(limits);
    const device = makeDevice();
    const { client } = await pairAndConnect(gateway, { device, auth, scopes });
    const other = await pairAndConnect(gateway, { device: makeDevice(), auth, scopes });
    return [client, (await connect(device)).client, other.client] as const;
  }
  /** A request that is not answered before the owner decides. */
  const ask = (client: RawClient, id: string, pad = "") => {
    const params = {
      requestId: client.frames.find(({ id }) => id === "up")?.payload.requestId,
      pad,
    };
    client.send({ type: "req", id, method: "device.scopes.waitUpgrade", params });
  };
  const upgrade = (client: RawClient) =>
    client.request("device.scopes.requestUpgrade", { scopes: ["operator.pairing"] }, "up");

  test.each([
    ["deviceRequests", { deviceRequests: 3 }, "", "too many requests in flight"],
    ["deviceRequestChars", { deviceRequestChars: 3_500 }, "x".repeat(1_000), "too much in flight"],
  ])("%s: over all its connections", async (_, limits, pad, message) => {
    const [one, two, other] = await three({ limits });
    await Promise.all([one, two, other].map(upgrade));
    ask(one, "a", pad);
    ask(two, "b", pad);
    ask(one, "c", pad);
    await one.request("health", {}, "passed");
    ask(two, "d", pad);
    const { error } = await two.next((frame) => frame.id === "d");
    expect(error).toMatchObject({ code: "UNAVAILABLE", message, retryable: true });
    expect(counted("requests-refused")).toBe(1);
    ask(other, "e", pad);
    expect((await other.request("health")).ok).toBe(true);
    expect(other.frames.some(({ id }) => id === "e")).toBe(false);
    // A connection that ends gives its part back.
    one.close();
    await until(async () => {
      const id = `again ${two.frames.length}`;
      ask(two, id, pad);
      await two.request("health");
      return !two.frames.some((frame) => frame.id === id && frame.error);
    }, "its part");
  });
});
