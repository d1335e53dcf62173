import { expect, test } from "vitest";
import { makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway } from "../kit/gateway.ts";

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
