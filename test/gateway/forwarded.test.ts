import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN } from "../kit/gateway.ts";

test("a proxy that adds a second X-Forwarded-For line is believed, not the client's own line", async () => {
  const gateway = await startTestGateway({ flags: { "gateway.trustedProxies": ["127.0.0.1"] } });
  try {
    const lines = ["203.0.113.99", "198.51.100.7"];
    const client = await RawClient.open(gateway.url, { headers: { "x-forwarded-for": lines } });
    const refused = await client.connect({
      device: makeDevice(),
      auth: { token: TEST_TOKEN },
      scopes: ["operator.read"],
    });
    const { requestId } = refused.error.details;
    const shown = await gateway.host<{ remoteIp: string }>("device.pair.show", { requestId });
    expect(shown.remoteIp).toBe("198.51.100.7");
    const asked = gateway.log.find(({ message }) => message.includes("asks to be operator"));
    expect(asked?.message).toContain(`openclaw devices approve ${requestId}`);
  } finally {
    await gateway.close();
  }
});

test("the address of a paired device is known after a restart, and a stranger's is not", async () => {
  const stateDir = await mkdtemp(join(tmpdir(), "gateway-known-"));
  const options = { stateDir, flags: { "gateway.trustedProxies": ["127.0.0.1"] } };
  const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
  const asks = async (url: string, address: string) => {
    const client = await RawClient.open(url, from(address));
    const connect = {
      device: makeDevice(),
      auth: { token: TEST_TOKEN },
      scopes: ["operator.read"],
    };
    return (await client.connect(connect)).error.details.requestId;
  };
  let gateway = await startTestGateway(options);
  const knows = (source: string) => gateway.server.gateway.admission.places.knows(source);
  try {
    await gateway.host("device.pair.approve", {
      requestId: await asks(gateway.url, "2001:db8:7:8::9"),
    });
    await asks(gateway.url, "198.51.100.7");
    // It has not come in yet: nothing is known by its connection.
    expect(knows("2001:db8:7:8::/64")).toBe(false);
    await gateway.close();
    gateway = await startTestGateway(options);
    expect([knows("2001:db8:7:8::/64"), knows("198.51.100.7")]).toEqual([true, false]);
  } finally {
    await gateway.close();
    await rm(stateDir, { recursive: true, force: true });
  }
});
