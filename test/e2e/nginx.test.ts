import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDevice, RawClient } from "../kit/client.ts";
import { freePort } from "../kit/free-port.mjs";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { Nginx, renderSite } from "../kit/nginx.ts";

let gateway: TestGateway;
let nginx: Nginx;
let port: number;

beforeAll(async () => {
  nginx = await Nginx.inFolder();
  port = await freePort();
  const socket = join(nginx.folder, "gateway.sock");
  gateway = await startTestGateway({
    flags: {
      "gateway.socket": socket,
      "gateway.publicUrl": `http://gateway.test:${port}`,
    },
  });
  await nginx.write(await renderSite("name=gateway.test", `http=${port}`, `socket=${socket}`));
  await nginx.start(port);
});

afterAll(async () => {
  await nginx.close();
  await gateway.close();
});

const auth = { token: TEST_TOKEN };

test("a device pairs through the shipped nginx configuration and answers requests", async () => {
  const device = makeDevice();
  const options = { device, auth, scopes: ["operator.read"] };
  const first = await RawClient.open(`ws://127.0.0.1:${port}/`);
  const refused = await first.connect(options);
  await gateway.host("device.pair.approve", { requestId: refused.error.details.requestId });
  const client = await RawClient.open(`ws://127.0.0.1:${port}/`);
  expect((await client.connect(options)).ok).toBe(true);
  expect((await client.request("health")).payload.ok).toBe(true);
});

test("the address shown is nginx's view of the client, whatever the client claims", async () => {
  const device = makeDevice();
  const headers = { "x-forwarded-for": "203.0.113.9", forwarded: "for=203.0.113.9" };
  const client = await RawClient.open(`ws://127.0.0.1:${port}/`, { headers });
  const refused = await client.connect({ device, auth, scopes: ["operator.read"] });
  const { requestId } = refused.error.details;
  const shown = await gateway.host<{ remoteIp: string }>("device.pair.show", { requestId });
  expect(shown.remoteIp).toBe("127.0.0.1");
});

test("nobody behind nginx is taken for local: a device-less command line gets no scopes", async () => {
  const client = await RawClient.open(`ws://127.0.0.1:${port}/`, {
    headers: { host: "localhost" },
  });
  const hello = await client.connect({
    auth,
    scopes: ["operator.admin"],
    client: { id: "cli", mode: "cli" },
  });
  expect(hello.payload.auth.scopes).toEqual([]);
});

test("a page under the public name may connect, one under another name may not", async () => {
  const browser = { client: { id: "openclaw-control-ui", mode: "webchat" }, auth };
  const connectFrom = async (origin: string) => {
    const host = new URL(origin).host;
    const client = await RawClient.open(`ws://127.0.0.1:${port}/`, { headers: { origin, host } });
    return client.connect({ ...browser, device: makeDevice() });
  };
  const own = await connectFrom(`http://gateway.test:${port}`);
  expect(own.error.details.code).toBe("PAIRING_REQUIRED");
  const other = await connectFrom(`http://elsewhere.test:${port}`);
  expect(other.error.details.code).toBe("CONTROL_UI_ORIGIN_NOT_ALLOWED");
});
