import { expect, test } from "vitest";
import { makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN } from "../kit/gateway.ts";
import { admittedConnect } from "../kit/wire.ts";

async function cureUnder(
  flags: Record<string, unknown>,
  origin = "https://new.example",
): Promise<string> {
  const gateway = await startTestGateway({ flags });
  try {
    const headers = { origin, host: "new.example" };
    const client = await RawClient.open(gateway.url, { headers });
    const browser = { id: "openclaw-control-ui", mode: "webchat" };
    return (await client.connect({ device: makeDevice(), client: browser })).error.details.cure;
  } finally {
    await gateway.close();
  }
}

test("an unknown origin is told to set the public URL where there is none", async () => {
  expect(await cureUnder({})).toBe(
    "on the gateway host: openclaw config set gateway.publicUrl https://new.example",
  );
});

test("where a public URL is set, the cure adds an origin and leaves that URL alone", async () => {
  const cure = await cureUnder({ "gateway.publicUrl": "https://gateway.example" });
  expect(cure).toBe(
    "on the gateway host: openclaw config add gateway.controlUi.allowedOrigins https://new.example",
  );
});

test.each(["null", "file:///index.html", "https://new.example/path"])(
  "what is no origin of a page is not filled in: %j",
  async (origin) => {
    const cure = await cureUnder({}, origin);
    expect(cure).toBe(
      "on the gateway host: openclaw config set gateway.publicUrl https://<the name in the address bar>",
    );
  },
);

test("an origin is let in below a name that is listed with a wildcard, and that name is not", async () => {
  const flags = { "gateway.controlUi.allowedOrigins": ["https://*.apps.example"] };
  const gateway = await startTestGateway({ flags });
  try {
    const headers = { origin: "https://a.b.apps.example", host: "upstream" };
    const { hello } = await admittedConnect(gateway, { auth: { token: TEST_TOKEN } }, headers);
    expect(hello.type).toBe("hello-ok");
  } finally {
    await gateway.close();
  }
  expect(await cureUnder(flags, "https://apps.example")).toContain("https://apps.example");
});
