import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimsIn } from "../../src/gateway/claims.ts";
import { makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";

const peer = { origin: "https://app.example.net", userAgent: "sample-app/2.1 (Linux)" };
const client = { id: "gateway-client", version: "2.1.0", platform: "linux", mode: "backend" };

describe("what a refused client says of itself", () => {
  test("is its program, its protocol, its page and its user agent", () => {
    expect(claimsIn({ client, minProtocol: 3, maxProtocol: 4 }, peer)).toEqual({
      client: "gateway-client",
      clientVersion: "2.1.0",
      protocol: "3-4",
      origin: "https://app.example.net",
      userAgent: "sample-app/2.1 (Linux)",
    });
  });

  test("is the user agent of its connect before that of its request", () => {
    const params = { client, minProtocol: 4, maxProtocol: 4, userAgent: "other-app/3" };
    expect(claimsIn(params, peer)).toMatchObject({ protocol: "4", userAgent: "other-app/3" });
  });

  test.each([
    [undefined],
    [null],
    [7],
    [{}],
    [{ client: 7, minProtocol: "3", maxProtocol: {} }],
    [{ client: { id: {}, version: [] }, minProtocol: Number.NaN, userAgent: 7 }],
  ])("is left out where there is nothing to read: %j", (params) => {
    expect(claimsIn(params, { origin: "" })).toEqual({});
  });

  test("is clean and short, whatever it is", () => {
    const hostile = `\u001b[2J\u202e\n${"x".repeat(10_000)}`;
    const params = { client: { id: hostile, version: hostile }, userAgent: hostile };
    for (const text of Object.values(claimsIn(params, { origin: hostile, userAgent: hostile }))) {
      expect(text).toMatch(/^[ -~]+…$/);
      expect(text.length).toBeLessThanOrEqual(128);
    }
  });
});

describe("in the gateway", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());

  const headers = { "user-agent": "sample-app/2.1 (Linux; x64)" };
  const refusalLines = (code: string) => gateway.log.filter(({ facts }) => facts["code"] === code);

  test.each<[code: string, options: Parameters<RawClient["connect"]>[0], claims: object]>([
    [
      "AUTH_TOKEN_MISMATCH",
      { auth: { token: "wrong" }, device: makeDevice() },
      { client: "test", clientVersion: "1.0.0", protocol: "4" },
    ],
    [
      "PROTOCOL_MISMATCH",
      { params: { minProtocol: 1, maxProtocol: 2 } },
      { client: "test", protocol: "1-2" },
    ],
    [
      "INVALID_REQUEST",
      { client: { id: "someone's own", version: "0.9" } },
      { client: "someone's own", clientVersion: "0.9" },
    ],
  ])("a refusal with %s says in the log who was refused", async (code, options, claims) => {
    const connecting = await RawClient.open(gateway.url, { headers });
    const { ok } = await connecting.connect(options);
    expect(ok).toBe(false);
    expect(refusalLines(code).at(-1)?.facts).toMatchObject({
      ...claims,
      address: "127.0.0.1",
      userAgent: "sample-app/2.1 (Linux; x64)",
    });
  });

  test("a page that is refused for its origin is named with it", async () => {
    const origin = "https://elsewhere.example";
    const page = await RawClient.open(gateway.url, { headers: { ...headers, origin } });
    const ui = { id: "openclaw-control-ui", mode: "webchat" };
    await page.connect({ client: ui, device: makeDevice(), auth: { token: TEST_TOKEN } });
    const lines = gateway.log.filter(({ facts }) => facts["origin"] === origin);
    expect(lines.map(({ facts }) => facts["client"])).toEqual(["openclaw-control-ui"]);
  });

  test("one that says nothing that can be read is closed with what its request said", async () => {
    const silent = await RawClient.open(gateway.url, { headers });
    silent.send("no JSON");
    await silent.end();
    const line = gateway.log.findLast(({ message }) => message === "connection closed");
    expect(line?.facts).toMatchObject({ userAgent: "sample-app/2.1 (Linux; x64)" });
  });
});
