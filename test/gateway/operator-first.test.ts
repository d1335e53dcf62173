import { afterAll, beforeAll, expect, test } from "vitest";
import { type Frame, makeDevice } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";
import { asNode, asOperator, makeSetup } from "./phone.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

test("a phone that uses a code as an operator first has what its node half offers approved as well, once", async () => {
  const { auth } = await makeSetup(gateway);
  const device = makeDevice();
  const { hello } = await admittedConnect(gateway, asOperator({ device, auth }));
  const [{ deviceToken }] = hello.auth.deviceTokens;
  const token = { deviceToken };
  const offers = (commands: string[]) => ({
    ...asNode({ device, auth: token }),
    params: { commands },
  });
  await admittedConnect(gateway, offers(["device.info"]));
  const { deviceId: nodeId } = device;
  await until(async () => {
    const { approvalState } = await gateway.host<Frame>("node.describe", { nodeId });
    return approvalState === "approved";
  }, "the approval of what it offers");
  // What it offers later is asked about.
  await admittedConnect(gateway, offers(["device.info", "device.status"]));
  const { pendingRequestId, commands } = await until(async () => {
    const row = await gateway.host<Frame>("node.describe", { nodeId });
    return row.pendingRequestId === undefined ? undefined : row;
  }, "a request for more");
  expect(pendingRequestId).toEqual(expect.any(String));
  expect(commands).toEqual(["device.info"]);
});

test("a link for operators alone approves nothing of what the device offers as a node", async () => {
  const device = makeDevice();
  const { deviceId: nodeId } = device;
  const asked = await admittedConnect(gateway, {
    device,
    scopes: ["operator.read"],
    auth: { bootstrapToken: await gateway.invite({ scopes: ["operator.read"] }) },
  });
  asked.client.close();
  const node = {
    ...asNode({ device, auth: { token: TEST_TOKEN } }),
    params: { commands: ["device.info"] },
  };
  const { error } = await refusedConnect(gateway, node);
  await gateway.host("device.pair.approve", { requestId: error.details.requestId });
  // Another link of that kind, after the owner's decision about the node.
  const bootstrapToken = await gateway.invite({ scopes: ["operator.read"] });
  await admittedConnect(gateway, { device, scopes: ["operator.read"], auth: { bootstrapToken } });
  await admittedConnect(gateway, node);
  const row = await until(async () => {
    const found = await gateway.host<Frame>("node.describe", { nodeId });
    return found.pendingRequestId === undefined ? undefined : found;
  }, "its request");
  expect(row.commands).toEqual([]);
});
