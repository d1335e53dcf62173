import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { type ConnectOptions, connectParams, makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect, refusedConnect } from "../kit/wire.ts";

const token = { token: TEST_TOKEN };
const scopes = ["operator.read", "operator.write"];
/** Who asks for these as the owner holds the right to run commands on nodes too. */
const all = [...scopes, "operator.nodes"];
const cli = { id: "cli", mode: "cli" };
const backend = { id: "gateway-client", mode: "backend" };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

describe("the upgrade", () => {
  test("is accepted on any path", async () => {
    const client = await RawClient.open(`${gateway.url}/any/path?x=1`);
    expect((await client.connect({ auth: token })).ok).toBe(true);
  });

  test("echoes the first subprotocol that was offered", async () => {
    const client = await RawClient.open(gateway.url, { protocols: ["foo", "bar"] });
    expect(client.ws.protocol).toBe("foo");
  });

  test("never negotiates permessage-deflate", async () => {
    const ws = new WebSocket(gateway.url, { perMessageDeflate: true });
    await new Promise((resolve) => ws.once("open", resolve));
    expect(ws.extensions).toBe("");
    ws.close();
  });

  test("ignores an Authorization header", async () => {
    const headers = { authorization: `Bearer ${TEST_TOKEN}` };
    const { error } = await refusedConnect(gateway, { device: makeDevice() }, headers);
    expect(error.details.code).toBe("AUTH_TOKEN_MISSING");
  });

  test("is not refused because of proxy headers from an untrusted peer", async () => {
    const headers = { "x-forwarded-for": "198.51.100.1", forwarded: "for=198.51.100.1" };
    const { client } = await admittedConnect(gateway, { auth: token, scopes }, headers);
    expect(client.closed).toBeUndefined();
  });

  test.each([
    ["none", undefined, 200],
    ["another protocol", "h2c", 200],
    ["a name that only begins so", "websocketx", 200],
    ["a WebSocket, in any case", "WebSocket", 101],
    ["a WebSocket among others", "h2c, websocket", 101],
  ])("of %s, with a WebSocket's key, gets what was asked for", async (_, upgrade, expected) => {
    const status = await new Promise((resolve, reject) => {
      const asked = request(`${gateway.url.replace("ws:", "http:")}/healthz`, {
        headers: {
          connection: "Upgrade",
          ...(upgrade !== undefined && { upgrade }),
          "sec-websocket-version": "13",
          "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        },
      });
      asked.on("response", (res) => resolve(res.resume().statusCode));
      asked.on("upgrade", (res, socket) => {
        socket.destroy();
        resolve(res.statusCode);
      });
      asked.on("error", reject).end();
    });
    expect(status).toBe(expected);
  });

  test("a plain GET on the same port is HTTP", async () => {
    const status = await new Promise((resolve, reject) => {
      request(`${gateway.url.replace("ws:", "http:")}/healthz`, (res) => {
        res.resume();
        resolve(res.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(200);
  });
});

describe("frames", () => {
  test("in binary that hold JSON are parsed the same way", async () => {
    const client = await RawClient.open(gateway.url);
    const params = connectParams(await client.challenge(), { auth: token });
    client.ws.send(
      Buffer.from(JSON.stringify({ type: "req", id: "b", method: "connect", params })),
      {
        binary: true,
      },
    );
    expect((await client.next((f) => f.id === "b")).ok).toBe(true);
  });

  test("with a challenge: one UUID a socket, the gateway's clock, no capabilities", async () => {
    const before = Date.now();
    const one = await (await RawClient.open(gateway.url)).challenge();
    const after = Date.now();
    const two = await (await RawClient.open(gateway.url)).challenge();
    expect(one).toEqual({
      nonce: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ts: expect.any(Number),
    });
    expect(one.ts).toBeGreaterThanOrEqual(before);
    expect(one.ts).toBeLessThanOrEqual(after);
    expect(two.nonce).not.toBe(one.nonce);
  });
});

/** Who may do without a device (docs/protocol.md#credentials), and what happens to its scopes. */
describe("without a device key and with the secret", () => {
  const proxied = { "x-real-ip": "203.0.113.4" };
  const cases: [string, ConnectOptions, Record<string, string>, string[]][] = [
    ["the CLI on this machine keeps its scopes", { client: cli }, {}, all],
    ["a backend on this machine keeps its scopes", { client: backend }, {}, all],
    ["a CLI behind a proxy has none", { client: cli }, proxied, []],
    [
      "a backend behind tailscale has none",
      { client: backend },
      { "tailscale-user-login": "x" },
      [],
    ],
    ["a CLI under a public Host has none", { client: cli }, { host: "claw.example" }, []],
    [
      "a CLI that sends an Origin has none",
      { client: cli },
      { origin: "http://localhost:9", host: "localhost:9" },
      [],
    ],
    ["a probe has none", { client: { id: "cli", mode: "probe" } }, {}, []],
    ["any other client has none", {}, {}, []],
  ];
  test.each(cases)("%s", async (_name, options, headers, expected) => {
    const { hello } = await admittedConnect(gateway, { ...options, auth: token, scopes }, headers);
    expect(hello.auth).toMatchObject({ method: "token", role: "operator", scopes: expected });
    expect(hello.auth.deviceToken).toBeUndefined();
  });

  test.each([
    ["devicelessCli is never", { "gateway.auth.devicelessCli": "never" as const }],
    ["a public URL is configured", { "gateway.publicUrl": "https://claw.example" }],
    ["a proxy is trusted", { "gateway.trustedProxies": ["127.0.0.1/32"] }],
  ])("the CLI on this machine has none either when %s", async (_name, flags) => {
    const closedOff = await startTestGateway({ flags });
    const { hello } = await admittedConnect(closedOff, { client: cli, auth: token, scopes });
    expect(hello.auth.scopes).toEqual([]);
    await closedOff.close();
  });

  test("unvalidated scopes are echoed as they came", async () => {
    const bogus = ["operator.bogus"];
    const { hello } = await admittedConnect(gateway, { client: cli, auth: token, scopes: bogus });
    expect(hello.auth.scopes).toEqual(bogus);
  });
});

test("x-openclaw-scopes only narrows what a connection gets", async () => {
  const headers = { "x-openclaw-scopes": "operator.read, operator.admin.not" };
  const options = { client: cli, auth: token, scopes: [...scopes, "operator.admin"] };
  const { hello } = await admittedConnect(gateway, options, headers);
  expect(hello.auth.scopes).toEqual(["operator.read"]);
  const wide = { "x-openclaw-scopes": "operator.admin" };
  const { hello: kept } = await admittedConnect(gateway, { ...options, scopes }, wide);
  expect(kept.auth.scopes).toEqual(all);
});

test("x-openclaw-scopes takes operator.nodes away where it does not name it", async () => {
  const options = { client: cli, auth: token, scopes };
  const headers = { "x-openclaw-scopes": scopes.join(",") };
  const { hello } = await admittedConnect(gateway, options, headers);
  expect(hello.auth.scopes).toEqual(scopes);
});
