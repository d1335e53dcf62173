import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConfigFlags } from "../../src/config/load.ts";
import { limitValues } from "../../src/limits/table.ts";
import {
  type ConnectOptions,
  type Frame,
  makeDevice,
  RawClient,
  type TestDevice,
} from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { Receiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";
import { HandWorld } from "../kit/world.ts";
import { capabilitiesCode, nodeOptions, operator, pairNode, reconnect } from "../nodes/support.ts";

const limits = limitValues();
const { notifySettleMs, notifyGapMs, notifyTimeoutMs } = limits;
const auth = { token: TEST_TOKEN };
const SECRET = "s3cr3t-topic";

let receiver: Receiver;
let world: HandWorld;
let gateway: TestGateway;

async function start(flags: ConfigFlags = {}): Promise<void> {
  world = new HandWorld();
  gateway = await startTestGateway({
    world,
    flags: {
      "notify.webhook.url": `${receiver.origin}/${SECRET}`,
      "gateway.egress": ["127.0.0.1"],
      "gateway.name": "home-server",
      "gateway.sshTarget": "root@gateway.example.com",
      ...flags,
    },
  });
}

beforeEach(async () => {
  receiver = await Receiver.open();
});
afterEach(async () => {
  await gateway.close();
  await receiver.close();
});

const terminal = {
  id: "openclaw-tui",
  mode: "ui",
  platform: "Linux x86_64",
  displayName: "Kitchen tablet",
};

/** Asks for pairing, and is answered with the code. */
async function ask(device: TestDevice, more: ConnectOptions = {}): Promise<string> {
  const client = await RawClient.open(gateway.url);
  const scopes = ["operator.read", "operator.write"];
  const options = { auth, scopes, client: terminal, ...more, device };
  const { error } = await client.connect(options);
  expect(error.details.code).toBe("PAIRING_REQUIRED");
  return error.details.requestId;
}

/** The JSON of the `nth` message, once time has passed for it. */
async function message(nth: number, ms = notifyGapMs): Promise<Frame> {
  world.advance(ms);
  return JSON.parse((await receiver.request(nth)).body);
}

async function report(): Promise<Frame> {
  return (await gateway.host<Frame>("status")).gateway.notify;
}

/** Resolves once the message under way has come to its end. */
const settled = (sent: number) =>
  until(async () => (await report()).counts.sent === sent, `${sent} messages that arrived`);

describe("the webhook", () => {
  test("is told of a device that asks, with what it takes to judge and to approve it", async () => {
    await start();
    const device = makeDevice();
    const requestId = await ask(device);
    const told = await message(1, notifySettleMs);
    expect(told).toMatchObject({
      event: "approval.requested",
      title: "A device asks to be let in",
      gateway: { name: "home-server", fingerprint: gateway.core.secretStore.identity.fingerprint },
      more: 0,
    });
    expect(told.requests).toEqual([
      {
        kind: "device",
        requestId,
        name: "Kitchen tablet",
        client: "terminal app, Linux x86_64",
        deviceId: device.deviceId,
        key: expect.stringMatching(/^([a-z]{4}-){7}[a-z]{4}$/),
        roles: ["operator"],
        scopes: ["operator.nodes", "operator.read", "operator.write"],
        asks: "operator: see chats and devices, send messages and run the agent, run commands on nodes (may be left out)",
        known: false,
        askedAtMs: expect.any(Number),
        expiresAtMs: expect.any(Number),
        minutesLeft: 29,
        approveCommand: `openclaw devices approve ${requestId}`,
        sshCommand: `ssh root@gateway.example.com openclaw devices approve ${requestId}`,
      },
    ]);
    expect(told.body).toContain(`\nopenclaw devices approve ${requestId}\n`);
  });

  test("is told the address of whoever asks through a proxy, and of a node's two requests", async () => {
    await start({ "gateway.trustedProxies": ["127.0.0.1"] });
    const headers = { "x-forwarded-for": "203.0.113.7" };
    const client = await RawClient.open(gateway.url, { headers });
    const options = { ...nodeOptions(["system.which"]), device: makeDevice(), auth };
    await client.connect(options);
    const first = await message(1, notifySettleMs);
    expect(first.title).toBe("A node asks to be let in");
    expect(first.requests[0]).toMatchObject({
      address: "203.0.113.7",
      asks: "node: a machine that answers commands",
    });
    expect(first.body).toContain("“attic” (node, linux) from 203.0.113.7");
    await settled(1);
    const { requestId } = first.requests[0];
    await gateway.host("device.pair.approve", { requestId });
    const again = await RawClient.open(gateway.url, { headers });
    expect((await again.connect(options)).ok).toBe(true);
    const code = await capabilitiesCode(gateway, options.device.deviceId);
    const second = await message(2);
    expect(second.title).toBe("A node asks for its commands");
    expect(second.requests[0]).toMatchObject({
      kind: "node",
      requestId: code,
      known: true,
      commands: ["system.which"],
      approveCommand: `openclaw nodes approve ${code}`,
    });
    expect(second.requests[0]).not.toHaveProperty("minutesLeft");
  });

  test("is told all that a node asks for, what runs programs first, and its permissions", async () => {
    await start();
    const harmless = ["browser.proxy", "device.info", "camera.list", "location.get", "fs.listDir"];
    const commands = [...harmless, "system.run", "system.which"];
    const client = { ...terminal, id: "node-host", mode: "node", platform: "windows" };
    const node = await pairNode(gateway, commands, { client });
    const code = await capabilitiesCode(gateway, node.nodeId);
    const told = await message(1, notifySettleMs);
    const asks =
      "commands browser.proxy, fs.listDir, system.run, system.which, camera.list, device.info, location.get; ability system";
    expect(told.requests[0]).toMatchObject({ asks, caps: ["system"], permissions: [] });
    expect(told.body).toContain(`is paired and asks for ${asks.replaceAll(".", "\u2024")}\n`);
    expect(gateway.log.map((line) => line.message)).toContain(
      `“Kitchen tablet” offers ${asks}; to allow it: openclaw nodes approve ${code}`,
    );
    await settled(1);
    await gateway.host("node.pair.approve", { requestId: code });
    await reconnect(gateway, node, commands, {
      client,
      params: { permissions: { "screen.record": true, camera: false } },
    });
    await capabilitiesCode(gateway, node.nodeId);
    const { requests, body } = await message(2);
    expect(requests[0]).toMatchObject({
      permissions: ["screen.record"],
      has: asks,
      new: "permission screen.record",
    });
    expect(body).toContain("\nnew: permission screen\u2024record\n");
    const rows = await gateway.host<Frame>("node.pair.list");
    expect(rows.pending[0]).toMatchObject({
      permissions: { camera: false, "screen.record": true },
      approvedPermissions: {},
    });
  });

  test("is told by the owner's own name of a device that asks for more", async () => {
    await start();
    const device = makeDevice();
    const requestId = await ask(device, { scopes: ["operator.read"] });
    await gateway.host("device.pair.approve", { requestId });
    await gateway.host("device.pair.rename", { deviceId: device.deviceId, label: "Anna's tablet" });
    await ask(device, { scopes: ["operator.admin", "zzz.unknown"] });
    const told = await message(1);
    expect(told.title).toBe("A device asks for more");
    expect(told.requests).toHaveLength(1);
    expect(told.requests[0]).toMatchObject({
      name: "Anna's tablet",
      known: true,
      asks: "operator: full control, zzz.unknown",
    });
  });

  test("shows what is asked for in plain words, whatever else is asked for beside it", async () => {
    await start();
    const scopes = ["operator.pairing", "aaa.\u202Esecret", "operator.read"];
    await ask(makeDevice(), { scopes, client: { ...terminal, id: "test" } });
    const [{ asks, client, scopes: told }] = (await message(1)).requests;
    expect(told).toEqual(["aaa.secret", "operator.pairing", "operator.read"]);
    expect([asks, client]).toEqual([
      "operator: see chats and devices, let other devices in, aaa.secret",
      "test, Linux x86_64",
    ]);
  });

  test("hears nothing of a retry, and once of a request that replaces another", async () => {
    await start();
    const device = makeDevice();
    const first = await ask(device, { scopes: ["operator.read"] });
    const second = await ask(device, { scopes: ["operator.read", "operator.write"] });
    expect(second).not.toBe(first);
    const told = await message(1, notifySettleMs);
    expect(told.requests.map((one: Frame) => one.requestId)).toEqual([second]);
    await settled(1);
    for (let retry = 0; retry < 3; retry += 1) {
      expect(await ask(device)).toBe(second);
      world.advance(notifyGapMs);
    }
    await ask(makeDevice());
    expect((await message(2)).requests[0].requestId).not.toBe(second);
    expect(receiver.received).toHaveLength(2);
  });

  test("hears of the time that a retry added", async () => {
    await start();
    const device = makeDevice();
    await ask(device);
    world.advance(1000);
    world.jump(10 * 60_000);
    await ask(device);
    expect((await message(1, notifySettleMs)).requests[0].minutesLeft).toBe(29);
  });

  test("hears nothing of what was approved, rejected or ended before it was told", async () => {
    await start({ "notify.webhook.url": undefined, "notify.webhook.urlFile": "/nowhere" });
    const [approved, rejected, ended] = [
      await ask(makeDevice()),
      await ask(makeDevice()),
      await ask(makeDevice()),
    ];
    // Nothing can be sent before the file is there.
    world.advance(notifyGapMs);
    await until(async () => (await report()).counts.failed === 1, "a failed message");
    await gateway.host("device.pair.approve", { requestId: approved });
    await gateway.host("device.pair.reject", { requestId: rejected });
    expect((await report()).waiting).toBe(1);
    world.advance(limits.pendingMs);
    await until(async () => (await report()).waiting === 0, `the end of ${ended}`);
    expect((await report()).counts).toMatchObject({ sent: 0, dropped: 1 });
    expect(receiver.connections).toBe(0);
  });
});

describe("while the webhook never answers", () => {
  test("devices are answered, approved and let in, and a stop does not wait for it", async () => {
    await start();
    receiver.answer = () => {};
    const devices = Array.from({ length: 12 }, makeDevice);
    const codes: string[] = [];
    for (const device of devices) codes.push(await ask(device));
    world.advance(notifySettleMs);
    await receiver.request(1);
    // From here on one request hangs; time does not even move.
    const more = await ask(makeDevice());
    for (const requestId of [...codes, more]) {
      await gateway.host("device.pair.approve", { requestId });
    }
    for (const device of devices) {
      const client = await RawClient.open(gateway.url);
      const scopes = ["operator.read", "operator.write"];
      expect((await client.connect({ device, auth, scopes, client: terminal })).ok).toBe(true);
    }
    await pairNode(gateway, ["system.which"]);
    expect(receiver.received).toHaveLength(1);
    await gateway.server.close("stop");
    expect(gateway.log.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("a flood of sixty devices is two messages, and all of them are in the list", async () => {
    await start({ "gateway.trustedProxies": ["127.0.0.1"] });
    await ask(makeDevice());
    await message(1, notifySettleMs);
    await settled(1);
    for (let at = 0; at < 60; at += 1) {
      const client = await RawClient.open(gateway.url, {
        headers: { "x-forwarded-for": `198.51.${at % 5}.1` },
      });
      await client.connect({ device: makeDevice(), auth, client: terminal });
      client.close();
    }
    const { requests, more, title } = await message(2);
    expect([requests.length, more, title]).toEqual([5, 55, "60 requests wait for approval"]);
    expect(new Set(requests.map(({ address }: Frame) => address)).size).toBe(5);
    await settled(2);
    expect((await report()).counts).toMatchObject({ merged: 55, failed: 0 });
    const { gateway: own } = await gateway.host<Frame>("status");
    expect([own.pairing.pending, own.closes["notify-merged"]]).toEqual([61, 55]);
  });
});

describe("what may be known of the webhook", () => {
  test("is its host, in config.get, status, the log and a refusal", async () => {
    await start();
    receiver.answer = (_received, response) => response.writeHead(404).end(SECRET);
    const reader = await operator(gateway, ["operator.read", "operator.admin"]);
    const { payload: view } = await reader.request("config.get");
    expect(view.config.notify.webhook.url).toBe(`${receiver.origin}/__OPENCLAW_REDACTED__`);
    await ask(makeDevice());
    world.advance(notifySettleMs);
    await until(async () => (await report()).counts.failed === 1, "a failed message");
    const { payload: status } = await reader.request("status");
    expect(status.gateway.notify).toMatchObject({
      configured: true,
      format: "json",
      last: { ok: false, to: receiver.origin, status: 404, code: "NOTIFY_STATUS" },
    });
    const refused = await gateway.host("host.notify.test").catch((error) => error);
    expect(refused).toMatchObject({
      code: "UNAVAILABLE",
      message: `${receiver.origin} answered 404: there is no such webhook`,
      details: { code: "NOTIFY_STATUS", cure: expect.stringContaining("openclaw config set") },
    });
    const lines = gateway.log.filter(({ message: text }) => text.includes("webhook"));
    expect(lines).toHaveLength(2);
    const all = JSON.stringify([view, status, refused, refused.message, gateway.log]);
    expect(all).not.toContain(SECRET);
  });

  test("a client that sends back what it was shown changes nothing", async () => {
    await start({ "notify.webhook.url": undefined });
    await gateway.host("host.config.set", {
      path: "notify.webhook.url",
      value: "https://ntfy.example.com/gateway",
    });
    const admin = await operator(gateway, ["operator.admin", "operator.read"]);
    const { payload: view } = await admin.request("config.get");
    expect(view.parsed.notify.webhook.url).toBe("https://ntfy.example.com/__OPENCLAW_REDACTED__");
    expect(view.raw).toBeNull();
    const raw = JSON.stringify(view.parsed);
    const { payload } = await admin.request("config.set", { raw, baseHash: view.hash });
    expect(payload).toMatchObject({ ok: true, noop: true, changedPaths: [] });
    expect(gateway.core.config.current.notify.webhook.url).toBe("https://ntfy.example.com/gateway");
    const other = { notify: { webhook: { url: "https://evil.example/x" } } };
    const { error } = await admin.request("config.patch", {
      raw: JSON.stringify(other),
      baseHash: payload.hash,
    });
    expect(JSON.stringify(error)).toContain("CONFIG_HOST_ONLY");
  });
});

describe("a test", () => {
  test("goes through the same path and says host, status and time", async () => {
    await start({ "notify.webhook.format": "text" });
    const tested = await gateway.host<Frame>("host.notify.test");
    expect(tested).toEqual({ to: receiver.origin, status: 200, ms: expect.any(Number) });
    expect(receiver.received[0]).toMatchObject({
      path: `/${SECRET}`,
      headers: { title: "Test of the gateway's webhook" },
    });
    expect(await report()).toMatchObject({ last: { ok: true, status: 200 }, waiting: 0 });
  });

  test("without a webhook says how to set one", async () => {
    await start({ "notify.webhook.url": undefined });
    expect(await gateway.host("host.notify.test").catch((error) => error.details)).toMatchObject({
      code: "NOTIFY_NOT_SET",
      cure: "openclaw config set notify.webhook.url https://ntfy.example.com/gateway",
    });
    expect(await report()).toMatchObject({ configured: false });
  });

  test("is not for clients, and one at a time", async () => {
    await start();
    const admin = await operator(gateway, ["operator.admin"]);
    const { error } = await admin.request("host.notify.test");
    expect(error.details.code).toBe("HOST_ONLY");
    expect(receiver.received).toEqual([]);
    receiver.answer = () => {};
    const first = gateway.host("host.notify.test").catch((refusal) => refusal);
    await receiver.request(1);
    await expect(gateway.host("host.notify.test")).rejects.toThrow("another test is under way");
    world.advance(notifyTimeoutMs);
    expect(await first).toMatchObject({ details: { code: "NOTIFY_TIMEOUT" } });
  });
});

test("settings apply at once: what could not be delivered goes where it may now", async () => {
  await start({ "gateway.egress": undefined, "notify.webhook.url": undefined });
  const urlFile = join(gateway.stateDir, "webhook-url");
  writeFileSync(urlFile, `${receiver.origin}/${SECRET}\n`, { mode: 0o600 });
  await gateway.host("host.config.set", { path: "notify.webhook.urlFile", value: urlFile });
  const requestId = await ask(makeDevice());
  world.advance(notifySettleMs);
  await until(async () => (await report()).counts.failed === 1, "a refused message");
  const { last } = await report();
  expect(last).toMatchObject({
    code: "NOTIFY_EGRESS",
    next: "openclaw config set gateway.egress 127.0.0.1",
  });
  expect(receiver.connections).toBe(0);
  const value = last.next.split(" ").at(-1);
  await gateway.host("host.config.set", { path: "gateway.egress", value });
  expect((await message(1)).requests[0].requestId).toBe(requestId);
});
