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
