import { describe, expect, test } from "vitest";
import type { Command } from "../../src/protocol/command.ts";
import { commandsIn } from "../../src/protocol/text.ts";
import { type Frame, makeDevice, RawClient } from "../kit/client.ts";
import { TEST_TOKEN, type TestGateway, type TestGatewayOptions } from "../kit/gateway.ts";
import { refusedConnect } from "../kit/wire.ts";
import { starts } from "./starts.ts";

/** Which pages may connect, and what the others are told. What an origin never gives is a pairing. */

const page = { id: "openclaw-control-ui", mode: "webchat" };
const auth = { token: TEST_TOKEN };

const start = starts();

/** How the gateway refuses a page's new device: for its origin, or because it is not paired. */
async function verdict(
  gateway: TestGateway,
  headers: Record<string, string>,
  client: Record<string, string> = page,
): Promise<string> {
  const connect = { device: makeDevice(), client, auth };
  return (await refusedConnect(gateway, connect, headers)).error.details.code;
}

const PAIRS = "PAIRING_REQUIRED";
const REFUSED = "CONTROL_UI_ORIGIN_NOT_ALLOWED";

describe("a page of this machine", () => {
  test.each([
    "http://localhost:5173",
    "https://localhost",
    "http://LOCALHOST:5173",
    "http://127.0.0.1:3000",
    "http://127.8.9.10",
    "http://[::1]:8080",
    "http://app.localhost:3000",
    "tauri://localhost",
    "http://tauri.localhost",
    "capacitor://localhost",
    "ionic://localhost",
    "app://localhost",
  ])("passes as %s, and has to pair like any other", async (origin) => {
    const gateway = await start();
    expect(await verdict(gateway, { origin })).toBe(PAIRS);
  });

  test.each([
    "http://localhost.evil.example:5173",
    "http://127.0.0.1.evil.example",
    "https://evil.example",
    "http://192.168.1.7:5173",
    "http://localhost@evil.example",
    "http://evil.example#@localhost",
    "tauri://evil.example",
    "tauri://localhost/path",
    "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
    "file://localhost",
    "null",
    "localhost",
    "//localhost",
  ])("is not %s", async (origin) => {
    const gateway = await start();
    expect(await verdict(gateway, { origin })).toBe(REFUSED);
  });

  const local = { origin: "http://localhost:5173" };
  test.each([
    ["x-forwarded-for", { "x-forwarded-for": "203.0.113.7" }],
    ["x-forwarded-for that names this machine", { "x-forwarded-for": "127.0.0.1" }],
    ["x-real-ip", { "x-real-ip": "203.0.113.7" }],
    ["forwarded", { forwarded: "for=203.0.113.7" }],
    ["via", { via: "1.1 proxy" }],
    ["a Host that is not this machine's", { host: "claw.example" }],
    ["a Host that DNS rebinding made", { host: "rebound.example:18789" }],
  ])("is not one that came with %s", async (_name, headers) => {
    const gateway = await start();
    expect(await verdict(gateway, { ...local, ...headers })).toBe(REFUSED);
    expect(await verdict(gateway, { origin: "tauri://localhost", ...headers })).toBe(REFUSED);
  });

  test("is not one that a trusted proxy brings, whatever it says of it", async () => {
    const gateway = await start({ flags: { "gateway.trustedProxies": ["127.0.0.1/32"] } });
    expect(await verdict(gateway, local)).toBe(REFUSED);
    expect(await verdict(gateway, { ...local, "x-forwarded-for": "127.0.0.1" })).toBe(REFUSED);
  });
});

describe("a name of Tailscale's", () => {
  const own = "https://box.tail1234.ts.net";

  test("passes on its own host", async () => {
    const gateway = await start();
    const host = "box.tail1234.ts.net";
    expect(await verdict(gateway, { origin: own, host })).toBe(PAIRS);
    expect(await verdict(gateway, { origin: own, host: `${host}:443` })).toBe(PAIRS);
    expect(await verdict(gateway, { origin: own, host, "x-forwarded-for": "100.64.0.9" })).toBe(
      PAIRS,
    );
  });

  test.each([
    ["another host of the same network", { host: "nas.tail1234.ts.net" }],
    ["another port", { host: "box.tail1234.ts.net:8443" }],
    ["this machine", {}],
    ["a name that only ends like one", { origin: "https://evilts.net", host: "evilts.net" }],
    [
      "a name that only begins like one",
      { origin: "https://a.ts.net.evil.example", host: "a.ts.net.evil.example" },
    ],
    ["the bare name", { origin: "https://ts.net", host: "ts.net" }],
  ])("does not pass on %s", async (_name, headers) => {
    const gateway = await start();
    expect(await verdict(gateway, { origin: own, ...headers })).toBe(REFUSED);
  });
});

describe("a listed origin", () => {
  test.each([
    ["https://app.example", "https://app.example"],
    ["https://app.example", "https://APP.example:443"],
    ["capacitor://localhost", "capacitor://localhost"],
    [
      "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
      "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
    ],
  ])("%s lets %s in from anywhere", async (listed, origin) => {
    const gateway = await start({ flags: { "gateway.controlUi.allowedOrigins": [listed] } });
    const headers = { origin, host: "claw.example", "x-forwarded-for": "203.0.113.7" };
    expect(await verdict(gateway, headers)).toBe(PAIRS);
  });
});

describe("an Origin is needed", () => {
  test.each([
    [{ id: "gateway-client", mode: "webchat" }, REFUSED],
    [{ id: "test", mode: "webchat" }, REFUSED],
    [{ id: "webchat", mode: "webchat" }, REFUSED],
    [{ id: "openclaw-control-ui", mode: "ui" }, REFUSED],
    [{ id: "openclaw-browser-copilot", mode: "ui" }, REFUSED],
    [{ id: "webchat-ui", mode: "backend" }, REFUSED],
    [{ id: "webchat", mode: "backend" }, PAIRS],
    [{ id: "webchat", mode: "ui" }, PAIRS],
    [{ id: "openclaw-tui", mode: "ui" }, PAIRS],
    [{ id: "openclaw-ios", mode: "ui" }, PAIRS],
  ])("or not by mode and by the ids of pages: %j is %s", async (client, expected) => {
    const gateway = await start();
    expect(await verdict(gateway, {}, client)).toBe(expected);
  });

  test("by mode too the secret alone lets no page in", async () => {
    const client = { id: "test", mode: "webchat" };
    const headers = { origin: "http://localhost:5173" };
    const { error } = await refusedConnect(await start(), { client, auth }, headers);
    expect(error.details.code).toBe("CONTROL_UI_DEVICE_IDENTITY_REQUIRED");
  });
});

describe("what a refused page is told", () => {
  async function cure(
    headers: Record<string, string>,
    options: TestGatewayOptions = {},
  ): Promise<{ cure: string; commands: readonly Command[] }> {
    const gateway = await start(options);
    const client = await RawClient.open(gateway.url, { headers });
    const { error }: Frame = await client.connect({ device: makeDevice(), client: page, auth });
    return { cure: error.details.cure, commands: commandsIn(error.details.next) };
  }
  const words = (value: string) => ["config", "add", "gateway.controlUi.allowedOrigins", value];

  test.each([
    [{ origin: "http://localhost:5173", host: "claw.example" }, "http://localhost:5173"],
    [{ origin: "capacitor://localhost", host: "claw.example" }, "capacitor://localhost"],
    [{ origin: "https://app.example", host: "claw.example" }, "https://app.example"],
    [{ origin: "https://APP.example:443", host: "claw.example" }, "https://app.example"],
    [
      { origin: "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb" },
      "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
    ],
  ])("of another program's page %j: the command that allows it", async (headers, origin) => {
    const { commands } = await cure(headers);
    expect(commands.map((command) => command.words)).toEqual([words(origin)]);
  });

  test("of a page that the gateway itself served under a name: the command that names it", async () => {
    const { commands } = await cure({ origin: "https://claw.example", host: "claw.example" });
    expect(commands.map((command) => command.words)).toEqual([
      ["config", "set", "gateway.publicUrl", "https://claw.example"],
    ]);
  });

  test("of a program that sends no Origin: what is wrong with it", async () => {
    const { cure: text, commands } = await cure({});
    expect(commands).toEqual([]);
    expect(text).toContain("Origin");
  });
});
