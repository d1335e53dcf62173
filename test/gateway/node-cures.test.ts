import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.close());

const node = { clientId: "node-host", mode: "node", role: "node", scopes: [] };

test.each([
  ["a device token that ended", { deviceToken: "dead" }, "AUTH_DEVICE_TOKEN_MISMATCH"],
  ["a link that is unknown", { bootstrapToken: "dead" }, "AUTH_BOOTSTRAP_TOKEN_INVALID"],
  ["nothing", {}, "AUTH_TOKEN_MISSING"],
])(
  "a node with %s is told of a link for nodes, an operator of one for operators",
  async (_what, auth, code) => {
    const cures: string[] = [];
    for (const as of [node, {}]) {
      const client = await RawClient.open(gateway.url);
      const { error } = await client.connect({ device: makeDevice(), auth, ...as });
      expect(error.details.code).toBe(code);
      cures.push(error.details.cure);
    }
    expect(cures).toEqual([
      "on the gateway host: openclaw devices invite --role node",
      "on the gateway host: openclaw devices invite",
    ]);
  },
);

const rotate = (params: object) =>
  gateway.host("device.token.rotate", params).catch((error) => error.details);

test("a rotation to more than was approved names what gives more, to less it works", async () => {
  const device = makeDevice();
  const scopes = ["operator.read"];
  const secret = await gateway.invite({ scopes });
  const client = await RawClient.open(gateway.url);
  await client.connect({ device, auth: { bootstrapToken: secret }, scopes });
  const { deviceId } = device;
  expect(await rotate({ deviceId, role: "operator", scopes: ["operator.admin"] })).toMatchObject({
    code: "DENIED",
    cure: "openclaw devices invite --scopes operator.admin (opened on that device, it adds them to what the device has)",
  });
  const more = await gateway.invite({ scopes: ["operator.admin"] });
  const again = await RawClient.open(gateway.url);
  const auth = { bootstrapToken: more };
  const hello = await again.connect({ device, auth, scopes: ["operator.admin"] });
  expect(hello.payload.auth.scopes).toEqual(["operator.admin"]);
});

test("a rotation that gives a node scopes names the one that works", async () => {
  const device = makeDevice();
  const auth = { bootstrapToken: await gateway.invite({ role: "node", scopes: [] }) };
  const client = await RawClient.open(gateway.url);
  await client.connect({ device, auth, ...node });
  const { deviceId } = device;
  const words = `devices rotate ${deviceId} --role node`;
  const scopes = ["operator.read"];
  expect(await rotate({ deviceId, role: "node", scopes })).toMatchObject({
    cure: `openclaw ${words}`,
  });
  expect(await rotate({ deviceId, role: "node" })).toMatchObject({ role: "node" });
});
